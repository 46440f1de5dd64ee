"""Lets the transactional tests empty the database, although triggers forbid emptying the history in it.

The triggers are dropped for the flush and put back after it, in one transaction; the product never does so.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations

triggers = import_module("audit.migrations.0002_history_never_changes")
ring = import_module("audit.migrations.0003_signing_keys")
registered = import_module("registry.migrations.0004_versions_never_change")


class Statements:
    """As much of a schema editor as the migration's functions use."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection

    def execute(self, statement: str, params: None = None) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, params)


@contextmanager
def unguarded() -> Iterator[None]:
    """What was registered may be rewritten in here, as only the database's owner can who drops the triggers."""
    statements = Statements(connection)
    _settle(statements)
    registered.permit(None, statements)
    yield
    _settle(statements)
    registered.forbid(None, statements)


def _settle(statements: Statements) -> None:
    """PostgreSQL changes no table with checks to come."""
    if statements.connection.vendor == "postgresql":
        statements.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture(scope="session", autouse=True)
def history_can_be_flushed() -> Iterator[None]:
    """Wrap Django's flush, which ends every transactional test, for the length of the session."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_with_history(self: BaseDatabaseOperations, sql_list: Sequence[str]) -> None:
        statements = Statements(self.connection)
        with transaction.atomic(using=self.connection.alias):
            ring.permit(None, statements)
            triggers.permit(None, statements)
            registered.permit(None, statements)
            flush(self, sql_list)
            triggers.forbid(None, statements)
            ring.forbid(None, statements)
            registered.forbid(None, statements)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_with_history)
        yield
