from django.urls import path

from governance.webhooks import views

app_name = "webhooks"
ONE = "webhooks/<slug:name>/"
urlpatterns = [
    path("webhooks/", views.endpoint_list, name="endpoints"),
    path("webhooks/new/", views.endpoint_new, name="endpoint_new"),
    path(ONE, views.endpoint, name="endpoint"),
    path(f"{ONE}switch/", views.endpoint_switch, name="endpoint_switch"),
    path(f"{ONE}secret/", views.endpoint_secret, name="endpoint_secret"),
    path(f"{ONE}try/", views.endpoint_try, name="endpoint_try"),
    path(f"{ONE}messages/<uuid:pk>/", views.delivery, name="delivery"),
    path(f"{ONE}messages/<uuid:pk>/again/", views.delivery_again, name="delivery_again"),
]
