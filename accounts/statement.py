"""Queries compiled to SQL once: for the few that every decision of the gate asks.

Compiling a queryset costs several times what the database needs to answer it (ADR 7).
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import QuerySet
from django.db.models import query as django_query

DATABASE = "default"
Row = TypeVar("Row")


@dataclass(frozen=True)
class _Compiled:
    """A query as one connection runs it. Each place in `params` is a marker for a value, or a constant."""

    compiler: Any
    sql: str
    params: tuple[Any, ...]
    converters: Any
    populators: list[Any] | None  # None: the rows are plain values


class Statement(Generic[Row]):
    """A queryset of models (whole or `only`) or of `values_list`, with text values to be filled in.

    `build` is called with a marker for each value, which must reach the SQL as a parameter as it is: compare text
    columns with `exact`. A marker that does not is refused when the statement is first asked.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]], values: int = 0) -> None:
        self._build = build
        self._markers = tuple(f"\ufdd0{number}" for number in range(values))
        self._known: WeakKeyDictionary[Any, _Compiled] = WeakKeyDictionary()

    def rows(self, *values: str) -> Iterator[Row]:
        """Ask, with the values in the order of `build`'s arguments."""
        connection: Any = connections[DATABASE]
        compiled = self._known.get(connection)
        if compiled is None:
            compiled = self._known[connection] = self._compile(connection)
        given = dict(zip(self._markers, values, strict=True))
        with closing(connection.cursor()) as cursor:
            cursor.execute(compiled.sql, [given.get(param, param) for param in compiled.params])
            found = cursor.fetchall()
        if compiled.converters:
            found = compiled.compiler.apply_converters(found, compiled.converters)
        rows: Iterator[Any] = map(tuple, found) if compiled.populators is None else _objects(compiled, found)
        return rows

    def _compile(self, connection: Any) -> _Compiled:
        asked: Any = self._build(*self._markers)
        compiler: Any = asked.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        if missing := [marker for marker in self._markers if marker not in params]:
            raise ValueError(f"value {self._markers.index(missing[0])} is no parameter of: {sql}")
        plain = asked._fields is not None
        populators_of: Any = django_query.get_related_populators
        return _Compiled(
            compiler,
            sql,
            tuple(params),
            compiler.get_converters([expression for expression, *_ in compiler.select]),
            None if plain else populators_of(compiler.klass_info, compiler.select, DATABASE),
        )


def _objects(compiled: _Compiled, rows: Any) -> Iterator[Any]:
    """Instances as a queryset would make them, those of `select_related` included."""
    info, select = compiled.compiler.klass_info, compiled.compiler.select
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column, *_ in select[first:last]]
    for row in rows:
        made = info["model"].from_db(DATABASE, names, row[first:last])
        for populator in compiled.populators or ():
            populator.populate(row, made)
        for name, place in (compiled.compiler.annotation_col_map or {}).items():
            setattr(made, name, row[place])
        yield made
