"""Fills in the forms of pages as a browser without JavaScript does: fetch, change some fields, send all of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import urljoin

from django.http import HttpResponse
from django.test import Client

Value = str | list[str]


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send untouched."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    """Collects the forms that post."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._page = page
        self._form: Form | None = None
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            posts = given.get("method", "").lower() == "post"
            self._form = Form(urljoin(self._page, given.get("action", ""))) if posts else None
        if self._form is None or "disabled" in given:
            return
        name = given.get("name", self._select if tag == "option" else "")
        if name:
            self._form.known.add(name)
        match tag:
            case "input" if given.get("type") in ("checkbox", "radio"):
                if "checked" in given:
                    self._set(name, given.get("value", "on"))
            case "input" if name and given.get("type") not in ("file", "submit"):
                self._set(name, given.get("value", ""))
            case "textarea":
                self._area = name
                self._set(name, "")
            case "select":
                self._select = name
            case "option" if "selected" in given:
                self._set(name, given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.values[self._area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self.forms.append(self._form)
            self._form = None
        elif tag == "textarea" and self._form is not None and self._area:
            # the line break after <textarea> belongs to the mark-up
            self._form.values[self._area][-1] = self._form.values[self._area][-1].removeprefix("\n")
            self._area = ""
        elif tag == "select":
            self._select = ""

    def _set(self, name: str, value: str) -> None:
        if self._form is not None:
            self._form.values.setdefault(name, []).append(value)


def forms_of(page: str, html: str) -> list[Form]:
    """The forms on a page that change something."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms


def send(client: Client, page: str, *, to: str = "", files: Any = None, **changes: Value) -> HttpResponse:
    """Fetch the page and send its form that has these fields (or posts to `to`); follows no redirect."""
    answer = client.get(page)
    assert answer.status_code == 200, (page, answer.status_code)
    names = set(changes) | set(files or {})
    form = _chosen(forms_of(page, answer.content.decode()), names, to)
    values: dict[str, Any] = {**form.values, **{name: _many(value) for name, value in changes.items()}}
    return cast(HttpResponse, client.post(form.action, {**values, **(files or {})}))


def _chosen(forms: Iterable[Form], names: set[str], to: str) -> Form:
    for form in forms:
        if names <= form.known and to in form.action and (to or names):
            return form
    raise AssertionError(f"no form with {sorted(names)} to {to or 'anywhere'}; there are {list(forms)}")


def _many(value: Value) -> list[str]:
    return [value] if isinstance(value, str) else value
