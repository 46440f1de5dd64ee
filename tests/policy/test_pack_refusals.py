"""A pack that does not say exactly what it means is refused with file, line and what to write instead."""

from datetime import timedelta

import pytest

from policy.pack import DEFAULT, PackError, load_pack

DEFAULT_TEXT = DEFAULT.read_text(encoding="utf-8")

SMALL = """\
name: small
version: 3
decision_valid_for: 15m
requirements:
- id: artifact_verified
  kind: artifact_verified
  max_age: 90d
- id: evaluation.performance
  kind: evaluation
  evaluation: performance
  dataset_role: test
  checks:
  - {metric: accuracy, at_least: 0.9}
- id: signoff.validator
  kind: signoff
  role: validator
  survives: [card]
environments:
  development: {low: &same [artifact_verified], moderate: *same, high: *same, critical: *same}
  staging: {low: *same, moderate: *same, high: *same, critical: *same}
  production:
    low: [artifact_verified]
    moderate: [artifact_verified, evaluation.performance]
    high: [artifact_verified, signoff.validator]
    critical: [artifact_verified, signoff.validator]
"""

CHANGES = [
    ("unknown key", "version: 3", "version: 3\nverison: 3", 3, 'no key "verison" in', 'Write "version"'),
    ("unknown key of a requirement", "  max_age: 90d", "  maxage: 90d", 7, 'no key "maxage" in', '"max_age"'),
    ("key of another kind", "  max_age: 90d", "  role: validator", 7, 'no key "role" in', "Write"),
    ("missing key", "version: 3\n", "", 1, 'key "version" is missing', 'Write "version: …"'),
    ("duplicate key", "name: small", "name: small\nname: other", 2, 'key "name" stands twice', "line 1"),
    ("duplicate nested key", "  role: validator", "  role: validator\n  role: validator", 17, "stands twice",
     "16"),
    ("duplicate id", "- id: signoff.validator\n  kind: signoff\n  role: validator\n  survives: [card]",
     "- id: artifact_verified\n  kind: artifact_verified", 14, 'id "artifact_verified" stands twice',
     "line 5"),
    ("empty list", "low: [artifact_verified]\n    mod", "low: []\n    mod", 22, "emptiness never passes",
     "at least one"),
    ("empty checks", "  checks:\n  - {metric: accuracy, at_least: 0.9}", "  checks: []", 12, "empty",
     "at least one"),
    ("unknown role", "role: validator", "role: validater", 16, '"validater" is not known',
     'Write "validator"'),
    ("role that never signs", "role: validator", "role: developer", 16, "never signs",
     "Write one of: validator"),
    ("unknown metric", "metric: accuracy", "metric: acuracy", 13, '"acuracy" is not known',
     'Write "accuracy"'),
    ("unknown kind", "kind: signoff", "kind: signof", 15, '"signof" is not known', 'Write "signoff"'),
    ("unknown evaluation", "evaluation: performance\n", "evaluation: perf\n", 10, '"perf"',
     'Write "performance"'),
    ("unknown data set role", "dataset_role: test", "dataset_role: tests", 11, '"tests"', 'Write "test"'),
    ("unknown model kind", "at_least: 0.9}", "at_least: 0.9, applies_to: [regresion]}", 13, "regresion",
     "regression"),
    ("kind without a check", "at_least: 0.9}", "at_least: 0.9, applies_to: [regression]}", 13,
     "No check is meant for binary_classification", "Add a check"),
    ("check never used", "  checks:\n",
     "  applies_to: [regression]\n  checks:\n  - {metric: r2, at_least: 0, "
     "applies_to: [multiclass_classification]}\n", 14, "never used", 'Remove "multiclass_classification"'),
    ("check without a limit", ", at_least: 0.9", "", 13, "exactly one of", "at_least: 0.80"),
    ("check with two limits", "at_least: 0.9", "at_least: 0.9, at_most: 1", 13, "exactly one of", "at_least"),
    ("between upside down", "at_least: 0.9", "between: [0.9, 0.1]", 13, "a lower and a higher", "[0.1, 0.9]"),
    ("unknown bound", "at_least: 0.9", "bound: lower, at_least: 0.9", 13, '"lower" is not known',
     'Write "low"'),
    ("limit not a number", "at_least: 0.9", "at_least: high", 13, "is not a number", "0.80"),
    ("limit infinite", "at_least: 0.9", "at_least: .inf", 13, "is not a number", "0.80"),
    ("limit nan", "at_least: 0.9", "at_least: .nan", 13, "is not a number", "0.80"),
    ("unknown environment", "  production:\n", "  prod:\n", 21, 'no key "prod" in', 'Write "production"'),
    ("missing environment", "  staging: {low: *same, moderate: *same, high: *same, critical: *same}\n", "",
     19,
     'key "staging" is missing', 'Write "staging: …"'),
    ("missing tier", "    high: [artifact_verified, signoff.validator]\n", "", 22, 'key "high" is missing',
     "high"),
    ("unknown tier", "    high: ", "    hihg: ", 24, 'no key "hihg" in', 'Write "high"'),
    ("list for prohibited", "  production:\n", "  production:\n    prohibited: [artifact_verified]\n", 22,
     "always denied", 'Remove the key "prohibited"'),
    ("unknown requirement", "[artifact_verified, evaluation.performance]",
     "[artifact_verified, evaluation.perf]",
     23, 'no requirement "evaluation.perf"', 'Write "evaluation.performance"'),
    ("requirement never used", "[artifact_verified, evaluation.performance]", "[artifact_verified]", 8,
     "is never used", "or remove it"),
    ("requirement twice in a list", "[artifact_verified, evaluation.performance]",
     "[artifact_verified, evaluation.performance, artifact_verified]", 23, "stands twice", "Remove one"),
    ("same role twice in a list", "environments:", "- {id: signoff.other, kind: signoff, role: validator}\n"
     "environments:", 18, "is never used", "remove"),
    ("id of another kind", "id: signoff.validator", "id: veto.validator", 14,
     "is not an id for the kind signoff",
     'Write "signoff" or "signoff.name"'),
    ("id with capitals", "- id: signoff.validator", "- id: signoff.Validator", 14, "is not an id",
     "small letters"),
    ("bad duration", "max_age: 90d", "max_age: 90 days", 7, "is not a length of time", '"365d"'),
    ("duration of nothing", "max_age: 90d", "max_age: 0d", 7, "is not a length of time", '"24h"'),
    ("duration without unit", "decision_valid_for: 15m", "decision_valid_for: 15", 3, "not a length",
     '"15m"'),
    ("surviving new bytes", "survives: [card]", "survives: [artifact]", 17, '"artifact" is not known',
     "Write"),
    ("surviving nothing in particular", "survives: [card]", "survives: []", 17, "is empty", "at least one"),
    ("count zero", "role: validator", "role: validator\n  count: 0", 17, "whole number from 1", "such as 1"),
    ("count as text", "role: validator", "role: validator\n  count: two", 17, "whole number", "such as 1"),
    ("independence not a truth", "role: validator", "role: validator\n  independence: maybe", 17,
     "neither true", "true"),
    ("condition other than true", "  checks:", "  when: {sensitive_attributes: false}\n  checks:", 12,
     "Only true", "when"),
    ("months of no tier", "version: 3", "version: 3\nrevalidate: {low: 36, high: 12}", 3,
     '"moderate" is missing', "Write"),
    ("months of nothing", "version: 3", "version: 3\nrevalidate: {low: 0, moderate: 1, high: 1, critical: 1}", 3,
     "whole number from 1", "such as 1"),
    ("version zero", "version: 3", "version: 0", 2, "whole number from 1", "such as 1"),
    ("name with spaces", "name: small", "name: Small pack", 1, "is not a name for a pack", "small letters"),
    ("name is a list", "name: small", "name: [small]", 1, "is not a text", "Write a word"),
    ("requirement not a mapping", "- id: artifact_verified\n", "- artifact\n- id: artifact_verified\n", 5,
     "not a mapping", "key"),
    ("merge key", "  max_age: 90d", "  <<: {max_age: 90d}", 7, "is not a text", "Write"),
    ("kind missing", "  kind: signoff\n", "", 14, 'key "kind" is missing', "Write one of: tier_confirmed"),
    ("object tag", "max_age: 90d", "max_age: !!python/object/apply:os.system [ls]", 7,
     "not a length of time", "365d"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "line", "problem", "remedy"),
    [case[1:] for case in CHANGES],
    ids=[case[0] for case in CHANGES],
)
def test_a_pack_is_refused_with_line_and_remedy(
    before: str, after: str, line: int, problem: str, remedy: str
) -> None:
    assert before in SMALL
    with pytest.raises(PackError) as refused:
        load_pack(SMALL.replace(before, after, 1), source="small.yaml")
    error = refused.value
    assert (error.file, error.line) == ("small.yaml", line), str(error)
    assert problem in error.problem
    assert remedy in error.remedy
    assert error.remedy
    assert str(error) == f"small.yaml:{line}: {error.problem} {error.remedy}"


HEAD = "name: a\nversion: 1\ndecision_valid_for: 1h\n"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (f"{HEAD}requirements: []\nenvironments: {{}}", 4, "emptiness never passes"),
        (f"{HEAD}requirements: none\nenvironments: {{}}", 4, "Requirements is not a list"),
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("just words", 1, "not a mapping"),
        ("name: a\n  version: [", 2, "not YAML"),
        ("name: 'a", 1, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("name: \x00", 1, "not YAML"),
        ("name: *nobody", 1, "not YAML"),
        ("[" * 5000, 1, "nests too deeply"),
        ("#" * 200_001, 1, "too long"),
    ],
    ids=[
        "nothing asked",
        "requirements",
        "empty",
        "comment",
        "words",
        "indent",
        "quote",
        "documents",
        "nul",
        "alias",
        "deep",
        "long",
    ],
)
def test_text_that_is_no_pack_at_all_is_refused(text: str, line: int, problem: str) -> None:
    with pytest.raises(PackError) as refused:
        load_pack(text, source="odd.yaml")
    assert refused.value.line == line
    assert problem in refused.value.problem


def test_the_same_role_twice_in_one_list_is_refused() -> None:
    twice = SMALL.replace("environments:", "- {id: signoff.b, kind: signoff, role: validator}\nenvironments:")
    twice = twice.replace(
        "critical: [artifact_verified, signoff.validator]", "critical: [signoff.validator, signoff.b]"
    )
    with pytest.raises(PackError, match='small.yaml:26: .* asked for twice .* "count: 2"'):
        load_pack(twice, source="small.yaml")


def test_a_small_pack_says_what_it_means() -> None:
    pack = load_pack(SMALL, source="small.yaml")
    assert (pack.name, pack.version, pack.title) == ("small", 3, "small")
    assert pack.decision_valid_for == timedelta(minutes=15)
    assert pack.requirements["artifact_verified"].max_age == timedelta(days=90)
    assert pack.requirements["signoff.validator"].title == "Validator signs"
    assert pack.requirements["signoff.validator"].survives == ("card",)
    assert pack.requirements["signoff.validator"].independence is True
    assert pack.requirements["evaluation.performance"].checks[0].bound == "value"


def test_the_digest_ignores_layout_and_sees_meaning() -> None:
    digest = load_pack(SMALL, source="a").digest
    assert load_pack(f"# a comment\n{SMALL}", source="b").digest == digest
    assert load_pack(SMALL.replace("at_least: 0.9", "at_least: 0.90"), source="c").digest == digest
    assert load_pack(SMALL.replace("at_least: 0.9", "at_least: 0.91"), source="d").digest != digest


SIGNERS = {
    "low": ["business_approver"],
    "moderate": ["validator"],
    "high": ["validator", "risk_officer"],
    "critical": ["validator", "risk_officer", "compliance_officer", "ethics_committee"],
}


@pytest.mark.parametrize("tier", SIGNERS)
def test_the_default_pack_asks_the_right_people_of_each_tier(tier: str) -> None:
    pack = load_pack(DEFAULT_TEXT, source="default.yaml")
    assert (pack.name, pack.version, pack.decision_valid_for) == ("default", 3, timedelta(hours=1))
    production = pack.environments["production"][tier]
    assert [item.role for item in production if item.kind == "signoff"] == SIGNERS[tier]
    assert {"tier_confirmed", "artifact_verified", "card_complete", "evaluation.performance"} <= {
        item.id for item in production
    }
    assert [item.id for item in pack.environments["development"][tier]] == ["artifact_verified"]
    assert not [item for item in pack.environments["staging"][tier] if item.kind == "signoff"]
    assert all(item.valid_for == timedelta(days=365) for item in production if item.kind == "signoff")


def test_formats_of_artifacts_are_known_words_and_safe_ones_unless_said() -> None:
    from policy.pack import DEFAULT, load_pack
    from policy.words import SAFE_FORMATS

    text = DEFAULT.read_text()
    line = next(line for line in text.splitlines() if line.startswith("formats:"))
    assert "pickle" in load_pack(text, source="x").formats
    assert load_pack(text.replace(line, ""), source="x").formats == SAFE_FORMATS
    with pytest.raises(PackError, match="joblib"):
        load_pack(text.replace(line, "formats: [joblib]"), source="x")


TENS = ", ".join(
    f"{name}: &{name} [{', '.join([f'*{before}' if before else 'x'] * 10)}]"
    for before, name in zip(["", *"abcdefgh"], "abcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("bomb", "problem"),
    [
        (f"{{{TENS}}}", "stand for too many values"),
        ("{a: &a [*a]}", "contains itself"),
        ("&s {a: {b: *s}}", "contains itself"),
    ],
    ids=["billions of values", "itself in a list", "itself in a mapping"],
)
def test_aliases_that_grow_without_end_are_refused_at_once(bomb: str, problem: str) -> None:
    planned = f"plan:\n- {{evaluation: privacy, dataset_role: test, settings: {bomb}}}\nenvironments:"
    with pytest.raises(PackError) as refused:
        load_pack(SMALL.replace("environments:", planned), source="bomb.yaml")
    assert refused.value.line == 19 and problem in refused.value.problem
