from django.urls import path

from governance.portfolio import as_of_views, compare_views, views
from governance.portfolio import inventory_views as inventory

app_name = "portfolio"
urlpatterns = [
    path("models/", inventory.models, name="models"),
    path("inventory/search/", inventory.search, name="search"),
    path("inventory/change/", inventory.change_many, name="change_many"),
    path("inventory/views/", inventory.view_save, name="view_save"),
    path("inventory/views/<int:pk>/delete/", inventory.view_delete, name="view_delete"),
    path("models/<slug:slug>/", views.model, name="model"),
    path("models/<slug:slug>/compare/", compare_views.compare, name="compare"),
    path("models/<slug:slug>/versions/<str:version>/", views.version, name="version"),
    path("models/<slug:slug>/versions/<str:version>/as-of/", as_of_views.as_of_page, name="as_of"),
]
