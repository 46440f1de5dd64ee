from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "governance.tracking"
    label = "tracking"
