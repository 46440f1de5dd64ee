"""Describe a pack for editors: a JSON Schema made from the tables that the loader reads by.

The schema knows the shape: keys, words, numbers, lengths of time. What one part says about another (an id that stands
twice, a requirement that no list names) only the loader sees.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from policy.break_glass import LONGEST_HOURS, MOST_CONSENTS
from policy.break_glass import TERMS as OF_BREAK_GLASS
from policy.lines import DURATION
from policy.metrics import EVALUATIONS, OF_KIND
from policy.pack import ENVIRONMENTS, FIELDS, HIGHEST_VERSION, LONGEST_MONTHS, NAME, TIERS
from policy.pack_requirements import (
    BOUNDS,
    CHECK_FIELDS,
    COMMON,
    LIMITS,
    LONGEST_ID,
    MOST_RISKS,
    MOST_SIGNERS,
    PLUGIN,
    PLUGIN_METRIC,
    SOAKING,
    SURVIVABLE,
)
from policy.pack_requirements import FIELDS as OF_REQUIREMENT
from policy.plan import FIELDS as OF_PLAN
from policy.plan import SETTING_LIMIT
from policy.requirement import SIGNING_ROLES
from policy.risk_scales import RISK_LEVELS
from policy.waivers import TERMS as OF_WAIVERS
from policy.words import DATASET_ROLES, FORMATS, KINDS, SEVERITIES

Schema = Mapping[str, Any]
Fields = tuple[tuple[str, ...], tuple[str, ...]]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
GREATEST = 1.7976931348623157e308
NUMBER: Schema = {"type": "number", "minimum": -GREATEST, "maximum": GREATEST}
TEXT: Schema = {"type": "string", "pattern": r"\S"}
FLAG: Schema = {"type": "boolean"}
LENGTH: Schema = {
    "type": "string",
    "pattern": f"^{DURATION.pattern}$",
    "description": "A length of time: 365d, 24h or 15m.",
}


def _words(known: Iterable[str]) -> Schema:
    return {"enum": [*known]}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item, "minItems": 1}


def _several(known: Iterable[str]) -> Schema:
    return {**_list(_words(known)), "uniqueItems": True}


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _mapping(fields: Fields, shapes: Mapping[str, Schema]) -> dict[str, Any]:
    """A mapping with these required and optional keys. A key without a shape takes anything; the loader judges it."""
    required, optional = fields
    return {
        "type": "object",
        "properties": {key: {**shapes.get(key, {}), **_told(key)} for key in (*required, *optional)},
        "required": [*required],
        "additionalProperties": False,
    }


SHAPES: Mapping[str, Schema] = {
    "title": TEXT,
    "evaluation": {"anyOf": [_words(EVALUATIONS), {"type": "string", "pattern": f"^{PLUGIN.pattern}$"}]},
    "dataset_role": _words(DATASET_ROLES),
    "max_age": LENGTH,
    "applies_to": _several(KINDS),
    "when": {
        "type": "object",
        "properties": {"sensitive_attributes": {"const": True}},
        "required": ["sensitive_attributes"],
        "additionalProperties": False,
    },
    "accept_reported": FLAG,
    "role": _words(SIGNING_ROLES),
    "count": _whole(1, MOST_SIGNERS),
    "valid_for": LENGTH,
    "survives": _several(SURVIVABLE),
    "independence": FLAG,
    "severities": _several(SEVERITIES),
    "within_due": FLAG,
    "residual_at_most": _words(RISK_LEVELS[:-1]),
    "environment": _words(SOAKING),
    "soak": LENGTH,
    "evaluations": _several(EVALUATIONS),
    "every": LENGTH,
    "bound": _words(BOUNDS),
    "at_least": NUMBER,
    "at_most": NUMBER,
    "between": {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2},
    "tiers": _several(TIERS),
    "settings": {
        "type": "object",
        "minProperties": 1,
        "maxProperties": SETTING_LIMIT,
        "additionalProperties": {"$ref": "#/$defs/setting"},
    },
}
"""Key of a requirement, a check or the plan → what may stand there."""

HELP: Mapping[str, str] = {
    "name": "What the pack is called: small letters, digits and -.",
    "version": "A pack never changes: every change is a new version.",
    "decision_valid_for": "How long a pipeline may rely on an answer of the gate.",
    "requirements": "Everything that the pack can ask for; the lists of the environments name it by id.",
    "environments": "For each environment and tier the ids of what is asked. A prohibited use takes no list.",
    "formats": "Formats of artifacts that may be loaded; without the key those that run no code.",
    "plan": "What is measured beside what the requirements ask for.",
    "max_age": "How old the result may be at most: 365d, 24h or 15m.",
    "survives": "Parts of the evidence that may change without undoing the signature.",
    "independence": "false lets owners, developers and submitters sign, too.",
    "count": "How many people of the role sign.",
    "accept_reported": "true counts results that their maker reports.",
    "bound": "Whether the value itself is compared or an end of its 95% interval.",
    "applies_to": "Kinds of model that it is meant for; without the key all of them.",
    "severities": "Which findings are meant; without the key all of them.",
    "within_due": "true lets findings stand until their date.",
    "residual_at_most": "What may remain of a risk without being accepted.",
    "environment": "The earlier environment that it must have run in.",
    "soak": "How long it must have run there.",
    "evaluations": "What must be measured again and again.",
    "every": "How far apart the measurements may be at most.",
    "revalidate": "Months between the reviews of a version that stays in use, for each tier.",
    "waivers": "Who lets an unmet requirement be for a time; without the key nobody can.",
    "break_glass": "Who lets a version run against the policy in an emergency; without the key nobody can.",
    "when": "Asked only where sensitive attributes are declared or the use decides about people.",
}


def pack_schema() -> dict[str, Any]:
    """Return the schema of a policy pack (JSON Schema 2020-12)."""
    listed: Schema = {**_list(TEXT), "uniqueItems": True}
    by_tier = _mapping((TIERS, ()), dict.fromkeys(TIERS, listed))
    of_pack: Mapping[str, Schema] = {
        "name": {"type": "string", "pattern": f"^{NAME.pattern}$"},
        "version": _whole(1, HIGHEST_VERSION),
        "title": TEXT,
        "decision_valid_for": LENGTH,
        "requirements": _list({"$ref": "#/$defs/requirement"}),
        "environments": _mapping((ENVIRONMENTS, ()), dict.fromkeys(ENVIRONMENTS, by_tier)),
        "formats": _several(FORMATS),
        "plan": _list({"$ref": "#/$defs/planned"}),
        "revalidate": _mapping((TIERS, ()), dict.fromkeys(TIERS, _whole(1, LONGEST_MONTHS))),
        "waivers": _mapping(
            OF_WAIVERS,
            {
                "approvers": {
                    **_mapping(((), TIERS), dict.fromkeys(TIERS, _several(SIGNING_ROLES))),
                    "minProperties": 1,
                },
                "longest": LENGTH,
                "never": listed,
            },
        ),
        "break_glass": _mapping(
            OF_BREAK_GLASS,
            {
                "roles": _several(SIGNING_ROLES),
                "hours": _whole(1, LONGEST_HOURS),
                "needs": _whole(2, MOST_CONSENTS),
                "due": LENGTH,
            },
        ),
    }
    setting: Schema = {"$ref": "#/$defs/setting"}
    planned = {**_mapping(OF_PLAN, SHAPES)}
    planned["properties"] = {**planned["properties"], "evaluation": _words(EVALUATIONS)}
    return {
        "$schema": DIALECT,
        "title": "Policy pack",
        "description": "What each environment asks of each tier before a version may run there.",
        **_mapping(FIELDS, of_pack),
        "$defs": {
            "requirement": _requirement(),
            "check": {**_mapping(CHECK_FIELDS, SHAPES), "oneOf": [{"required": [name]} for name in LIMITS]},
            "planned": planned,
            "setting": {
                "anyOf": [
                    TEXT,
                    NUMBER,
                    FLAG,
                    _list(setting),
                    {"type": "object", "additionalProperties": setting},
                ]
            },
        },
    }


def _requirement() -> dict[str, Any]:
    """A requirement: which keys it takes follows from its kind, which metrics from its evaluation."""
    return {
        "type": "object",
        "properties": {"kind": _words(OF_REQUIREMENT)},
        "required": ["id", "kind"],
        "allOf": [_when("kind", kind, _of_kind(kind)) for kind in OF_REQUIREMENT],
    }


def _of_kind(kind: str) -> dict[str, Any]:
    required, optional = OF_REQUIREMENT[kind]
    own: dict[str, Schema] = {
        "id": {
            "type": "string",
            "maxLength": LONGEST_ID,
            "pattern": rf"^{kind}(\.[a-z0-9_]+)*$",
        },
        "kind": {"const": kind},
        "checks": _list({"$ref": "#/$defs/check"}),
    }
    if kind == "risks_treated":
        own["at_least"] = _whole(1, MOST_RISKS)
    shape = _mapping(((*COMMON[0], *required), (*COMMON[1], *optional)), {**SHAPES, **own})
    if kind != "evaluation":
        return shape
    by_evaluation = [_when("evaluation", name, _measured(_words(OF_KIND[name]))) for name in EVALUATIONS]
    metric = {"type": "string", "pattern": f"^{PLUGIN_METRIC.pattern}$"}
    plugin = {"if": _said("evaluation", {"pattern": f"^{PLUGIN.pattern}$"}), "then": _measured(metric)}
    return {**shape, "allOf": [*by_evaluation, plugin]}


def _measured(metric: Schema) -> Schema:
    """Checks of these metrics only."""
    return {"properties": {"checks": {"items": {"properties": {"metric": metric}}}}}


def _when(key: str, value: str, then: Schema) -> dict[str, Any]:
    return {"if": _said(key, {"const": value}), "then": then}


def _said(key: str, shape: Schema) -> Schema:
    return {"properties": {key: shape}, "required": [key]}


def _told(key: str) -> dict[str, str]:
    return {"description": HELP[key]} if key in HELP else {}
