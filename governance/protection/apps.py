from django.apps import AppConfig


class ProtectionConfig(AppConfig):
    name = "governance.protection"
    label = "protection"
