"""The Celery application. Celery only wakes workers; what is to be done stands in the database."""

import os

from celery import Celery

from governance.operation.tracing import trace

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
app = Celery("countersign")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
trace()
