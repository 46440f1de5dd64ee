from django.urls import path

from governance.compliance.api import Coverage, Frameworks, OneFramework
from governance.compliance.oscal.api import Components, Results

urlpatterns = [
    path("frameworks", Frameworks.as_view(), name="api-frameworks"),
    path("frameworks/<str:slug>", OneFramework.as_view(), name="api-framework"),
    path("coverage", Coverage.as_view(), name="api-coverage"),
    path("oscal/component-definition", Components.as_view(), name="api-oscal-components"),
    path("oscal/assessment-results", Results.as_view(), name="api-oscal-results"),
]
