"""How a form field is drawn: control, label, help and errors, tied together for eye and ear."""

from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, BoundField, widgets
from django.utils.safestring import SafeString

GROUPS = (widgets.RadioSelect, widgets.CheckboxSelectMultiple)
CHECK, SELECT, CONTROL = "form-check-input", "form-select", "form-control"


@dataclass(frozen=True)
class Option:
    """One radio or tick box of a group."""

    control: SafeString
    label: str
    for_id: str


@dataclass(frozen=True)
class Problem:
    """One error and the control that it is about, if it is about one."""

    text: str
    href: str
    label: str


def field_context(
    field: BoundField, label: str = "", help: str = "", compact: bool = False, extra: str = ""
) -> dict[str, Any]:
    """What partials/form_field.html needs. `compact` keeps the label for screen readers only."""
    widget, name = field.field.widget, field.auto_id or field.html_name
    help_text = help or field.help_text
    described = [f"{name}_helptext"] if help_text else []
    described += [f"{name}_error"] if field.errors else []
    attrs: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    context: dict[str, Any] = {
        "field": field,
        "id": name,
        "label": label or field.label,
        "help": help_text,
        "compact": compact,
        "optional": not field.field.required and not isinstance(widget, widgets.CheckboxInput),
        "kind": "control",
    }
    if field.is_hidden:
        return context | {"kind": "hidden", "control": field.as_hidden()}
    if isinstance(widget, GROUPS):
        return context | {"kind": "group", "options": _options(field), "described": " ".join(described)}
    if field.errors:
        attrs["aria-invalid"] = "true"
    tick = isinstance(widget, widgets.CheckboxInput)
    attrs["class"] = _classes(widget, bad=bool(field.errors), tick=tick, extra=extra)
    return context | {"kind": "tick" if tick else "control", "control": field.as_widget(attrs=attrs)}


def _classes(widget: widgets.Widget, *, bad: bool, tick: bool, extra: str) -> str:
    base = CHECK if tick else SELECT if isinstance(widget, widgets.Select) else CONTROL
    own = str(widget.attrs.get("class", ""))
    return " ".join(part for part in (base, own, extra, "is-bad" if bad else "") if part)


def _options(field: BoundField) -> list[Option]:
    options = []
    for subwidget in field.subwidgets:
        subwidget.data["attrs"]["class"] = CHECK
        options.append(Option(subwidget.tag(), str(subwidget.choice_label), subwidget.id_for_label or ""))
    return options


def summary_of(form: BaseForm) -> dict[str, Any]:
    """What partials/form_errors.html needs: every error, linked to its control."""
    problems = [Problem(str(text), "", "") for text in form.non_field_errors()]
    for field in form:
        target = field.id_for_label or (f"{field.auto_id}_0" if field.auto_id else "")
        problems += [Problem(str(text), f"#{target}", str(field.label)) for text in field.errors]
    return {"problems": problems}
