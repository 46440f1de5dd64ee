from django.apps import AppConfig


class SiemConfig(AppConfig):
    name = "governance.siem"
    label = "siem"
