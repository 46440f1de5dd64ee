from django.apps import AppConfig


class RiskreviewConfig(AppConfig):
    name = "riskreview"
