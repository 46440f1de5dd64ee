from django.apps import AppConfig


class HandoverConfig(AppConfig):
    name = "governance.handover"
    label = "handover"
