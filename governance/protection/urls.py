from django.urls import path

from governance.protection import views

app_name = "protection"
urlpatterns = [
    path("pipelines/<slug:name>/github/", views.guards, name="guards"),
    path("pipelines/<slug:name>/github/<int:pk>/off/", views.guard_off, name="guard_off"),
    path("github/questions/", views.question_list, name="questions"),
    path("github/questions/<uuid:pk>/", views.question, name="question"),
    path("github/questions/<uuid:pk>/again/", views.question_again, name="question_again"),
]
