"""What a report may be asked about, read from a form or from the API's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.http import Http404
from django.utils.dateparse import parse_date

from accounts.models import User
from accounts.refusals import Invalid
from governance.compliance.framework import Framework
from governance.compliance.library import frameworks
from governance.portfolio.as_of_views import moment_of
from governance.reports.access import known_environment, refuse_unless_sees_all
from governance.reports.models import OF_A_VERSION, ReportKind
from governance.reports.queries import last_portfolio_report
from registry.access import model_for_reader, version_for_reader
from registry.models import ModelVersion, RegisteredModel

LONGEST = timedelta(days=400)
QUARTER = timedelta(days=91)


@dataclass(frozen=True)
class Question:
    """Which report is asked for. `moment`: as of when, or the end of a period; None: when it is made."""

    kind: str = ReportKind.VERSION
    version: ModelVersion | None = None
    model: RegisteredModel | None = None
    environment: str = ""
    framework: Framework | None = None
    since: datetime | None = None
    moment: datetime | None = None


def question_of(given: Mapping[str, str], reader: User, *, now: datetime) -> Question:
    """The question in the words kind, model, version, environment, framework, as_of, since, until.

    What the reader may not see does not exist. Raises Invalid, NotAllowed, Http404.
    """
    kind = given.get("kind") or ReportKind.VERSION.value
    if kind in OF_A_VERSION:
        return _of_version(kind, given, reader, now=now)
    of_one = kind == ReportKind.FRAMEWORK and given.get("model", "").strip()
    if kind in (ReportKind.GATE, ReportKind.PORTFOLIO, ReportKind.FRAMEWORK) and not of_one:
        refuse_unless_sees_all(reader)
    if kind == ReportKind.GATE:
        return _of_period(given, now=now)
    if kind == ReportKind.MODEL:
        return _of_model(given, reader, now=now)
    if kind in ReportKind.values and given.get("as_of"):
        raise Invalid(
            f"A {ReportKind(kind).label.lower()} tells how things stand when it is made.",
            "Leave the moment out, or ask for a report of one model or version. Those made before are kept.",
            field="as_of",
        )
    match kind:
        case ReportKind.PORTFOLIO:
            return Question(kind, since=_changes_since(given, now=now))
        case ReportKind.FRAMEWORK:
            model = given.get("model", "").strip()
            framework = _framework(given.get("framework", ""))
            found = model_for_reader(reader, model) if model else None
            return Question(kind, framework=framework, model=found)
    known = ", ".join(ReportKind.values)
    raise Invalid(f"There is no report of the kind {kind[:40]}.", f"They are {known}.", field="kind")


def _of_version(kind: str, given: Mapping[str, str], reader: User, *, now: datetime) -> Question:
    version = version_for_reader(reader, given.get("model", ""), given.get("version", ""))
    environment, asked = known_environment(given.get("environment", "")), given.get("as_of", "").strip()
    moment = moment_of(asked, version, now=now) if asked else None
    return Question(kind, version=version, environment=environment, moment=moment)


def _of_model(given: Mapping[str, str], reader: User, *, now: datetime) -> Question:
    model, asked = model_for_reader(reader, given.get("model", "")), given.get("as_of", "").strip()
    moment = moment_of(asked, model, now=now) if asked else None
    return Question(ReportKind.MODEL, model=model, moment=moment)


def _framework(name: str) -> Framework:
    """A control framework; checklists and a team's practices have no report."""
    found = frameworks().get(name)
    if found is None:
        raise Http404(f"There is no framework {name[:64] or 'without a name'}.")
    return found


def _changes_since(given: Mapping[str, str], *, now: datetime) -> datetime:
    """The day that was named; else when the last portfolio report was made, else a quarter of a year ago."""
    if not given.get("since", "").strip():
        last = last_portfolio_report(until=now)
        return last.as_of if last is not None else _midnight((now.astimezone(UTC) - QUARTER).date())
    day, today = _day(given, "since"), now.astimezone(UTC).date()
    if day > today:
        raise Invalid("That day has not come.", "Choose a day in the past.", field="since")
    if today - day > LONGEST:
        raise Invalid("That is more than 400 days ago.", "Choose a later day.", field="since")
    return _midnight(day)


def _of_period(given: Mapping[str, str], *, now: datetime) -> Question:
    """From the beginning of the first day to the end of the last, in UTC; today ends now."""
    first, last, today = _day(given, "since"), _day(given, "until"), now.astimezone(UTC).date()
    if last < first:
        raise Invalid("The period ends before it begins.", "Exchange the two days.", field="until")
    if first > today:
        raise Invalid("The period has not begun.", "Choose days that lie in the past.", field="since")
    if last - first > LONGEST:
        raise Invalid("The period is longer than 400 days.", "Make a report of each year.", field="since")
    environment = given.get("environment", "")
    return Question(
        ReportKind.GATE,
        environment=known_environment(environment) if environment else "",
        since=_midnight(first),
        moment=_midnight(last + timedelta(days=1)) if last < today else None,
    )


def _day(given: Mapping[str, str], name: str) -> date:
    text = given.get(name, "").strip()
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        what = "first" if name == "since" else "last"
        raise Invalid(
            f"{text[:40] or 'Nothing'} is no day.", f"Write the {what} day like 2026-09-30.", field=name
        )
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
