"""The API, put together from the layers.

The gate comes first, because pipelines wait for it; the portfolio's views stand before the registry's that they extend.
"""

from django.urls import URLPattern

from evaluations.api_urls import urlpatterns as evaluations
from governance.compliance.api_urls import urlpatterns as compliance
from governance.deployments.api_urls import urlpatterns as deployments
from governance.gate.api_urls import urlpatterns as gate
from governance.lineage.api_urls import urlpatterns as lineage
from governance.portfolio.api_urls import urlpatterns as portfolio
from governance.protection.api_urls import urlpatterns as protection
from governance.register.api_urls import urlpatterns as register
from governance.reports.api_urls import urlpatterns as reports
from governance.tracking.api_urls import urlpatterns as tracking
from governance.trail.api_urls import urlpatterns as trail
from registry.api_urls import urlpatterns as registry
from riskreview.api_urls import urlpatterns as riskreview

urlpatterns: list[URLPattern] = [
    *gate,
    *portfolio,
    *deployments,
    *lineage,
    *compliance,
    *register,
    *registry,
    *evaluations,
    *riskreview,
    *reports,
    *tracking,
    *protection,
    *trail,
]
