from django.urls import path

from governance.compliance.annex.api import TechnicalDocumentation
from governance.compliance.api import Coverage, Frameworks, OneFramework
from governance.compliance.bias_audit.api import OneBiasAudit
from governance.compliance.clocks.api import WhatIsDue
from governance.compliance.maturity.api import Maturity
from governance.compliance.oscal.api import Components, Results

urlpatterns = [
    path("frameworks", Frameworks.as_view(), name="api-frameworks"),
    path("frameworks/<str:slug>", OneFramework.as_view(), name="api-framework"),
    path("coverage", Coverage.as_view(), name="api-coverage"),
    path("maturity", Maturity.as_view(), name="api-maturity"),
    path("due", WhatIsDue.as_view(), name="api-due"),
    path("models/<str:slug>/bias-audit", OneBiasAudit.as_view(), name="api-bias-audit"),
    path(
        "models/<str:slug>/versions/<str:version>/annex-iv",
        TechnicalDocumentation.as_view(),
        name="api-annex-iv",
    ),
    path("oscal/component-definition", Components.as_view(), name="api-oscal-components"),
    path("oscal/assessment-results", Results.as_view(), name="api-oscal-results"),
]
