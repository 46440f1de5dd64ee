"""How requirements are grouped, and what each reader is told."""

from datetime import date

import pytest

from governance.templatetags.judged import groups_of, lead, row_of, shape_of
from policy.result import RequirementResult

SIGNOFF = RequirementResult(
    "signoff.risk_officer",
    "signoff",
    "Risk officer signs",
    "unsatisfied",
    "Nobody signed.",
    who=("Ada Okafor (risk officer)", "Per Dahl (risk officer)"),
    url="/reviews/1/",
)
STALE = SIGNOFF._replace(stale=True, detail={"since": date(2026, 11, 18)})


def of(result: str) -> dict[str, object]:
    """A requirement as a recorded decision keeps it."""
    return {"id": result, "kind": "evaluation", "title": result, "result": result, "reason": ""}


@pytest.mark.parametrize("unknown", ["", "passed", None, "SATISFIED"])
def test_a_result_that_is_not_known_is_drawn_as_an_error(unknown: object) -> None:
    assert shape_of(unknown) == "error"
    assert len(groups_of([{"result": unknown}]).needs) == 1


def test_only_what_is_unsatisfied_goes_stale() -> None:
    assert shape_of("unsatisfied", True) == "stale"
    assert shape_of("satisfied", True) == "ok"


def test_what_needs_someone_comes_first_and_is_counted_among_what_is_asked() -> None:
    groups = groups_of([of("satisfied"), of("not_applicable"), of("error"), SIGNOFF, of("waived"), STALE])
    assert [shape_of(one["result"]) if isinstance(one, dict) else one for one in groups.needs] == [
        STALE,
        SIGNOFF,
        "error",
    ]
    assert groups.headline == "3 of 5 hold it back"
    assert groups.sentence == "2 unsatisfied, 1 error, 1 waived, 1 satisfied, 1 not applicable"
    assert len(groups.bar) == 6


def test_no_requirements_are_never_shown_as_met() -> None:
    groups = groups_of([])
    assert groups.headline == "0 of 0 met"
    assert groups.bar == ()


def test_the_person_who_can_act_is_told_so() -> None:
    assert row_of(SIGNOFF, "Ada Okafor").mine
    assert row_of(SIGNOFF, "Ada Okafor").action == "Review and sign"
    assert row_of(STALE, "Ada Okafor").action == "Review what changed"


@pytest.mark.parametrize("reader", ["", "Aud Helle", "Ada", "Ada Okafo"])
def test_nobody_else_is(reader: str) -> None:
    row = row_of(SIGNOFF, reader)
    assert not row.mine
    assert row.who == (("Ada Okafor", "risk officer"), ("Per Dahl", "risk officer"))
    assert row.action == "Open the review"


def test_a_stale_signoff_says_since_when() -> None:
    assert row_of(STALE).note.startswith("Stale since 18 Nov")
    assert row_of(STALE._replace(detail={})).note == "Stale"
    assert row_of(SIGNOFF).note == ""


def test_the_summary_does_not_repeat_its_heading() -> None:
    assert (
        lead("Production answers deny: two sign-offs wait.", "Production answers deny")
        == "Two sign-offs wait."
    )
    assert lead("Nothing was judged.", "Production answers deny") == "Nothing was judged."
    assert lead("", "Production answers deny") == ""
