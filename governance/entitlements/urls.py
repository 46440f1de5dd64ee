from django.urls import path

from governance.entitlements import views

app_name = "entitlements"
urlpatterns = [
    path("access/", views.access, name="access"),
    path("people/<slug:username>/data/", views.person_data, name="person_data"),
    path("access/reviews/", views.start, name="start"),
    path("access/reviews/<int:pk>/", views.review, name="review"),
    path("access/reviews/<int:pk>/decide/", views.decide, name="decide"),
    path("access/reviews/<int:pk>/finish/", views.finish, name="finish"),
]
