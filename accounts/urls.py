from django.urls import path

from accounts import inbox, session_views, views
from accounts.proving import views as proving

app_name = "accounts"
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("settings/sessions/", session_views.sessions, name="sessions"),
    path("settings/sessions/end/", session_views.session_end, name="session_end"),
    path("settings/second-factor/", proving.factors, name="factors"),
    path("settings/second-factor/app/", proving.app, name="factor_app"),
    path("settings/second-factor/passkey/", proving.passkey, name="factor_passkey"),
    path("settings/second-factor/passkey/ask/", proving.passkey_ask, name="factor_passkey_ask"),
    path("settings/second-factor/change/", proving.change, name="factor_change"),
    path("settings/proof/", proving.proof, name="proof"),
    path("settings/proof/ask/", proving.proof_ask, name="proof_ask"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="inbox_read"),
    path("inbox/<int:pk>/", inbox.opened, name="notice"),
    path("people/", views.people, name="people"),
    path("people/new/", views.person_new, name="person_new"),
    path("people/<slug:username>/", views.person, name="person"),
    path("people/<slug:username>/active/", views.person_active, name="person_active"),
    path(
        "people/<slug:username>/sessions/end/", session_views.person_sessions_end, name="person_sessions_end"
    ),
    path(
        "people/<slug:username>/factors/reset/",
        session_views.person_factors_reset,
        name="person_factors_reset",
    ),
    path("keys/", views.keys, name="keys"),
    path("keys/<int:pk>/revoke/", views.key_revoke, name="key_revoke"),
]
