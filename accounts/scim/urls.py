from django.urls import path

from accounts.scim import pages, views

app_name = "scim"
urlpatterns = [
    path("scim/v2/Users", views.Users.as_view(), name="users"),
    path("scim/v2/.search", views.Search.as_view(), name="search"),
    path("scim/v2/Users/.search", views.Search.as_view(), name="users_search"),
    path("scim/v2/Users/<str:pk>", views.OneUser.as_view(), name="user"),
    path("scim/v2/ServiceProviderConfig", views.Service.as_view(), name="service"),
    path("scim/v2/Schemas", views.Schemas.as_view(), name="schemas"),
    path("scim/v2/Schemas/<str:urn>", views.Schemas.as_view(), name="schema"),
    path("scim/v2/ResourceTypes", views.ResourceTypes.as_view(), name="resource_types"),
    path("scim/v2/ResourceTypes/<str:name>", views.ResourceTypes.as_view(), name="resource_type"),
    path("scim/v2/<path:rest>", views.Nowhere.as_view(), name="nowhere"),
    path("provisioning/", pages.provisioning, name="provisioning"),
    path("provisioning/accounts/", pages.account_link, name="account_link"),
    path("provisioning/tokens/<int:pk>/revoke/", pages.token_revoke, name="token_revoke"),
]
