from django.urls import path

from accounts import inbox, views

app_name = "accounts"
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="inbox_read"),
    path("inbox/<int:pk>/", inbox.opened, name="notice"),
    path("people/", views.people, name="people"),
    path("people/new/", views.person_new, name="person_new"),
    path("people/<slug:username>/", views.person, name="person"),
    path("people/<slug:username>/active/", views.person_active, name="person_active"),
    path("keys/", views.keys, name="keys"),
    path("keys/<int:pk>/revoke/", views.key_revoke, name="key_revoke"),
]
