from django.apps import AppConfig


class GrantingConfig(AppConfig):
    name = "accounts.granting"
    label = "granting"
