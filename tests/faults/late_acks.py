"""The product's settings with the delivery that loses least and repeats most: acknowledged late, believed lost soon."""

from governance.settings import *  # noqa: F403

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_BROKER_TRANSPORT_OPTIONS = {**CELERY_BROKER_TRANSPORT_OPTIONS, "visibility_timeout": 1}  # noqa: F405
