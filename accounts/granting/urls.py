from django.urls import path

from accounts.granting import views

app_name = "granting"
urlpatterns = [
    path("role-requests/", views.wishes, name="wishes"),
    path("role-requests/<int:pk>/", views.wish, name="wish"),
    path("role-requests/<int:pk>/confirm/", views.confirm, name="confirm"),
    path("role-requests/<int:pk>/refuse/", views.refuse, name="refuse"),
    path("role-requests/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
]
