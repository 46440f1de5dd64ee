from django.apps import AppConfig


class EntitlementsConfig(AppConfig):
    name = "governance.entitlements"
    label = "entitlements"
