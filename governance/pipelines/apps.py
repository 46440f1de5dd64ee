from django.apps import AppConfig


class PipelinesConfig(AppConfig):
    name = "governance.pipelines"
    label = "pipelines"
