from django.urls import path

from governance.compliance import framework_views as frameworks
from governance.compliance import matrix_views as matrix
from governance.compliance import model_views as models
from governance.compliance import programme_views as programme
from governance.compliance import task_views as tasks
from governance.compliance.annex import views as annex
from governance.compliance.bias_audit import views as audits
from governance.compliance.clocks import views as clocks
from governance.compliance.maturity import views as maturity

app_name = "compliance"
MODEL = "models/<slug:slug>/compliance/"
AUDIT = "models/<slug:slug>/bias-audit/"
VERSION = "models/<slug:slug>/versions/<str:version>/"
urlpatterns = [
    path("frameworks/", frameworks.framework_list, name="frameworks"),
    path("frameworks/new/", frameworks.framework_new, name="framework_new"),
    path("frameworks/<str:framework>/", frameworks.framework_page, name="framework"),
    path("frameworks/<str:framework>/follow/", programme.follow, name="follow"),
    path("coverage/", matrix.coverage, name="coverage"),
    path("coverage/gaps/", tasks.gap_list, name="gaps"),
    path("coverage/gaps/open/", tasks.gap_open, name="gap_open"),
    path("coverage/gaps/<int:pk>/close/", tasks.gap_close, name="gap_close"),
    path("coverage/evidence/", tasks.evidence_attach, name="evidence_attach"),
    path("coverage/evidence/<int:pk>/away/", tasks.evidence_detach, name="evidence_detach"),
    path("coverage/<str:framework>/", matrix.coverage_of_framework, name="coverage_framework"),
    path("due/", clocks.due_list, name="clocks"),
    path("models/<slug:slug>/due/", clocks.due_of_model, name="clocks_model"),
    path("maturity/", maturity.maturity, name="maturity"),
    path("maturity/<slug:team>/", maturity.team_maturity, name="team_maturity"),
    path("maturity/<slug:team>/<str:control>/take-back/", maturity.team_take_back, name="team_take_back"),
    path("programme/", programme.programme, name="programme"),
    path("programme/<str:framework>/<str:control>/", programme.programme_control, name="programme_control"),
    path(
        "programme/<str:framework>/<str:control>/take-back/",
        programme.programme_take_back,
        name="programme_take_back",
    ),
    path(f"{VERSION}annex-iv/", annex.annex_page, name="annex_iv"),
    path(AUDIT, audits.audit_page, name="bias_audit"),
    path(f"{AUDIT}new/", audits.audit_new, name="bias_audit_new"),
    path(f"{AUDIT}<int:pk>/withdraw/", audits.audit_withdraw, name="bias_audit_withdraw"),
    path(MODEL, models.model_compliance, name="model"),
    path(f"{MODEL}<str:framework>/", models.model_framework, name="model_framework"),
    path(
        "models/<slug:slug>/compliance-results/<str:framework>/", models.model_results, name="model_results"
    ),
    path("models/<slug:slug>/compliance-scope/<str:framework>/", models.model_scope, name="model_scope"),
    path(f"{MODEL}<str:framework>/<str:control>/", models.model_control, name="model_control"),
    path(f"{MODEL}<str:framework>/<str:control>/take-back/", models.model_take_back, name="model_take_back"),
]
