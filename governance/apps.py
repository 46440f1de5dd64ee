from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

LIMITS = "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '15min'"


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = "Countersign"

    def ready(self) -> None:
        """The audit trail knows no table above it, so it is told here which ones its events vouch for."""
        from governance.attested import attest_rows

        attest_rows()
        connection_created.connect(_bound_waits, dispatch_uid="bound waits")


def _bound_waits(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Whoever waits for a row that another one holds is told so in the end: the API answers 503, no thread hangs.

    And whoever holds rows and says nothing more loses them. By statements and not among the options of the
    connection, which poolers of connections refuse.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(LIMITS)
