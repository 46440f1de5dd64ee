"""The role that web servers and workers use on PostgreSQL: it may use the tables, and neither own nor rebuild them.

Whoever owns a table can switch its triggers off. With a role of its own even a stolen connection of the product can add
to the audit trail, and neither change nor shorten it.
"""

from collections.abc import Mapping

from django.db import connection, transaction

EVERYTHING = ("SELECT", "INSERT", "UPDATE", "DELETE")
LESS: Mapping[str, tuple[str, ...]] = {
    "audit_event": ("SELECT", "INSERT"),
    "audit_logentry": ("SELECT", "INSERT"),
    "audit_subtree": ("SELECT", "INSERT"),
    "audit_checkpoint": ("SELECT", "INSERT"),
    "audit_signingkey": ("SELECT", "INSERT"),
    "audit_pending": ("SELECT", "INSERT", "DELETE"),
    "audit_treestate": ("SELECT", "INSERT", "UPDATE"),
    "django_migrations": ("SELECT",),
}
"""What the role may do with tables of which it needs less than everything."""


class NoSuchRole(RuntimeError):
    """Why the role cannot be made or used, and what to do about it."""


def keep_app_role(name: str, password: str = "") -> int:
    """Make the role if it is missing, and give it exactly what it needs of each table; returns how many tables.

    To be repeated after each migration: new tables belong to their owner alone. An empty password leaves it as it is.
    Raises NoSuchRole.
    """
    if connection.vendor != "postgresql":
        raise NoSuchRole("Only PostgreSQL has roles; this database is a file.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if name == cursor.fetchone()[0]:
            raise NoSuchRole(
                f'"{name}" owns the tables. Name a role of its own, or keep this one for migrations.'
            )
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", [name])
        known = cursor.fetchone()
        if known is not None and known[0]:
            raise NoSuchRole(f'"{name}" is a superuser, whom no grant holds back. Name another role.')
        if known is None and not password:
            raise NoSuchRole(f'There is no role "{name}", and no password to make it with.')
        role = connection.ops.quote_name(name)
        if password:
            verb = "ALTER" if known else "CREATE"
            cursor.execute(f"{verb} ROLE {role} LOGIN PASSWORD %s", [password])
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            allowed = ", ".join(LESS.get(table, EVERYTHING))
            cursor.execute(f"GRANT {allowed} ON {connection.ops.quote_name(table)} TO {role}")
    return len(tables)
