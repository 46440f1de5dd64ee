"""Every address of the site."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from accounts import entering
from accounts.proving import login_views
from accounts.sso import views as sso
from governance import glossary
from governance.api_urls import urlpatterns as api
from governance.home import views as home
from governance.states import states
from governance.system import views as system

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(api)),  # first, because pipelines wait for it
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("", home.home, name="home"),
    path("login/", entering.Login.as_view(), name="login"),
    path("login/second/", login_views.second, name="login_second"),
    path("login/second/ask/", login_views.second_ask, name="login_second_ask"),
    path("sso/<slug:provider>/", sso.start, name="sso"),
    path("sso/<slug:provider>/back/", sso.back, name="sso_back"),
    path("sso/<slug:provider>/out/", sso.out, name="sso_out"),
    path("sso/<slug:provider>/unlink/", sso.unlink, name="sso_unlink"),
    path("logout/", entering.Logout.as_view(), name="logout"),
    path("password/", entering.PasswordChange.as_view(), name="password_change"),
    path("", include("accounts.urls")),
    path("", include("accounts.granting.urls")),
    path("", include("accounts.scim.urls")),
    path("", include("registry.urls")),
    path("", include("evaluations.urls")),
    path("", include("riskreview.urls")),
    path("", include("governance.portfolio.urls")),
    path("", include("governance.compliance.urls")),
    path("", include("governance.register.urls")),
    path("", include("governance.webhooks.urls")),
    path("", include("governance.palette.urls")),
    path("", include("governance.deployments.urls")),
    path("", include("governance.lineage.urls")),
    path("", include("governance.gate.urls")),
    path("", include("governance.gate.pipeline_urls")),
    path("", include("governance.protection.urls")),
    path("", include("governance.trail.urls")),
    path("", include("governance.reports.urls")),
    path("", include("governance.tracking.urls")),
    path("", include("governance.entitlements.urls")),
    path("glossary/", glossary.words, name="glossary"),
    path("", include("governance.handover.urls")),
    path("system/", system.system_page, name="system"),
    path("healthz", system.healthz, name="healthz"),
    path("readyz", system.readyz, name="readyz"),
    path("metrics", system.metrics, name="metrics"),
    path(".well-known/countersign/keys.json", system.keys, name="keys"),
    path(".well-known/countersign/keys.pem", system.keys_pem, name="keys_pem"),
]
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", states, name="states"))

handler400 = "governance.system.errors.bad_request"
handler403 = "governance.system.errors.forbidden"
handler404 = "governance.system.errors.not_found"
handler500 = "governance.system.errors.broken"
