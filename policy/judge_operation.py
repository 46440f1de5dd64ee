"""Judge how a version fares where it runs: whether it ran in an earlier environment, whether it is watched."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from policy.context import Context, Judgement, told
from policy.evidence import ScheduleFact, StayFact
from policy.metrics import NOT_FOR
from policy.plan import PlannedEvaluation
from policy.requirement import Requirement
from policy.result import RequirementResult
from policy.words import KINDS, UNMEASURED, component, counted, day, listed, named, span

FOREVER = timedelta.max


def judge_ran_in(requirement: Requirement, context: Context) -> Judgement:
    """Satisfied when the version ran long enough in the asked environment, since it was last rolled back there.

    Only what a valid decision of the gate carried counts, and time that two deployments share counts once.
    """
    place, asked = requirement.environment, requirement.soak or timedelta(0)
    stays = [stay for stay in context.evidence.stays if stay.environment == place]
    undone = max((stay.ended_at for stay in stays if stay.rolled_back and stay.ended_at), default=None)
    counting = [
        stay
        for stay in stays
        if stay.decided and not stay.rolled_back and (undone is None or stay.since >= undone)
    ]
    looked_at = tuple(f"deployment {stay.id}" for stay in counting)
    ran = _together(counting, context.now)
    if counting and ran >= asked:
        reason = f"Ran in {place} for {_rough(ran)}, asked {span(asked)}."
        return Judgement(told(requirement, context, "satisfied", reason, evidence=looked_at))
    running = any(stay.ended_at is None for stay in counting)
    result = told(
        requirement,
        context,
        "unsatisfied",
        _too_short(requirement, stays, counting, ran, undone, context),
        remedy=_wait(place, asked, running, context.now + asked - ran, context.now),
        who=() if running else context.makers,
        evidence=looked_at,
    )
    return Judgement(result, context.now + asked - ran if running else None)


def _together(stays: Iterable[StayFact], now: datetime) -> timedelta:
    """How long at least one of them ran."""
    total, reached = timedelta(0), None
    for stay in sorted(stays, key=lambda stay: stay.since):
        start = stay.since if reached is None else max(stay.since, reached)
        end = min(stay.ended_at or now, now)
        if end > start:
            total += end - start
            reached = end
    return total


def _too_short(
    requirement: Requirement,
    stays: list[StayFact],
    counting: list[StayFact],
    ran: timedelta,
    undone: datetime | None,
    context: Context,
) -> str:
    place, asked = requirement.environment, span(requirement.soak or timedelta(0))
    if counting:
        since = f" since it was rolled back on {day(undone, context.now)}" if undone else ""
        return f"Ran in {place} for {_rough(ran)}{since}, asked {asked}."
    if undone:
        return f"It was rolled back in {place} on {day(undone, context.now)} and has not run there since."
    if stays:
        return f"What ran in {place} was carried by no valid decision of the gate, so it does not count."
    return f"This version never ran in {place}; {asked} are asked."


def _wait(place: str, asked: timedelta, running: bool, enough: datetime, now: datetime) -> str:
    if running:
        return f"Let it run in {place} until {day(enough, now)}."
    return f"Deploy it to {place} by a decision of the gate, and let it run for {span(asked)}."


def _rough(length: timedelta) -> str:
    """Return "6 days", "5 hours", "0 minutes": what is whole of the largest unit."""
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour")):
        if seconds >= size:
            return counted(seconds // size, unit)
    return counted(seconds // 60, "minute")


def judge_monitoring(requirement: Requirement, context: Context) -> Judgement:
    """Satisfied when each asked kind of evaluation is scheduled often enough, and the schedule is not paused."""
    kind = context.evidence.model_kind
    if requirement.applies_to and kind not in requirement.applies_to:
        asked = listed(KINDS[name] for name in requirement.applies_to)
        reason = f"Asked of {asked} only; this model is for {(KINDS | UNMEASURED).get(kind, kind)}."
        return Judgement(told(requirement, context, "not_applicable", reason))
    if nothing := [
        name for name in requirement.evaluations if kind not in KINDS or kind in NOT_FOR.get(name, ())
    ]:
        return Judgement(_unmeasurable(requirement, context, nothing))
    longest = requirement.every or timedelta(0)
    schedules = context.evidence.schedules
    kept = {name: _watching(name, context) for name in requirement.evaluations}
    lacking = [name for name, found in kept.items() if found is None or found[0] > longest]
    looked_at = tuple(f"schedule {item.id}" for item in schedules)
    if not lacking:
        parts = [f"{component(name)} every {span(found[0])}" for name, found in kept.items() if found]
        reason = f"Scheduled: {listed(parts)}."
        return Judgement(told(requirement, context, "satisfied", reason, evidence=looked_at))
    names = listed(component(name) for name in lacking)
    result = told(
        requirement,
        context,
        "unsatisfied",
        " ".join(
            [f"No schedule measures {names} every {span(longest)} or more often.", *_near(lacking, context)]
        ),
        remedy=f"Schedule {names}, at least every {span(longest)}.",
        who=context.makers,
        evidence=looked_at,
    )
    return Judgement(result)


def _unmeasurable(requirement: Requirement, context: Context, names: list[str]) -> RequirementResult:
    kind = context.evidence.model_kind
    return told(
        requirement,
        context,
        "error",
        f"Nothing measures the {listed(component(name) for name in names)} of a model for "
        f"{(KINDS | UNMEASURED).get(kind, kind)}.",
        remedy='Name the kinds of model that it is meant for with "applies_to" in the policy pack.',
        who=named(context.evidence.holders.get("administrator", ()), "administrator") or context.makers,
    )


def _watching(name: str, context: Context) -> tuple[timedelta, int] | None:
    """How far apart the measurements are at most, and by which schedule; the closest one."""
    found = [
        (apart, item.id)
        for item in context.evidence.schedules
        if item.active and (apart := _apart(item, name, context)) is not None
    ]
    return min(found, default=None)


def _apart(schedule: ScheduleFact, name: str, context: Context) -> timedelta | None:
    """How far apart a schedule measures; None where it does not. One of the plan measures what no longer holds."""
    every = timedelta(days=schedule.every_days)
    if schedule.kinds:
        return every if name in schedule.kinds else None
    ages = [max(item.max_age or FOREVER, every) for item in context.plan if _planned(item, name, context)]
    return min(ages, default=None)


def _planned(item: PlannedEvaluation, name: str, context: Context) -> bool:
    """Whether the plan really measures it: without groups to compare, a comparison of groups never starts."""
    evidence = context.evidence
    grouped = bool(evidence.sensitive_attributes or evidence.decides_about_people)
    return item.evaluation == name and (grouped or not item.when_sensitive)


def _near(lacking: Iterable[str], context: Context) -> list[str]:
    """What there is, where it does not suffice."""
    said = []
    for item in context.evidence.schedules:
        apart = [found for name in lacking if (found := _apart(item, name, context)) is not None]
        if apart:
            often = "as seldom as once" if min(apart) >= FOREVER else f"every {span(min(apart))}"
            said.append(
                f"Schedule {item.id} measures {often}." if item.active else f"Schedule {item.id} is paused."
            )
    return said
