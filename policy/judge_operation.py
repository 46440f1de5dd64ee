"""Judge how a version fares where it runs: whether it ran in an earlier environment, whether it is watched."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from policy.context import Context, Judgement, told
from policy.evidence import ScheduleFact, StayFact
from policy.requirement import Requirement
from policy.words import component, counted, day, listed, span


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
    longest = requirement.every or timedelta(0)
    schedules = [replace(item, kinds=item.kinds or context.planned) for item in context.evidence.schedules]
    lacking = [kind for kind in requirement.evaluations if not _watching(kind, schedules, longest)]
    looked_at = tuple(f"schedule {item.id}" for item in schedules)
    if not lacking:
        kept = [_watching(kind, schedules, longest) for kind in requirement.evaluations]
        parts = [
            f"{component(kind)} every {counted(item.every_days, 'day')}"
            for kind, item in zip(requirement.evaluations, kept, strict=True)
            if item
        ]
        reason = f"Scheduled: {listed(parts)}."
        return Judgement(told(requirement, context, "satisfied", reason, evidence=looked_at))
    names = listed(component(kind) for kind in lacking)
    result = told(
        requirement,
        context,
        "unsatisfied",
        " ".join(
            [f"No schedule measures {names} every {span(longest)} or more often.", *_near(lacking, schedules)]
        ),
        remedy=f"Schedule {names}, at least every {span(longest)}.",
        who=context.makers,
        evidence=looked_at,
    )
    return Judgement(result)


def _watching(kind: str, schedules: Iterable[ScheduleFact], longest: timedelta) -> ScheduleFact | None:
    """The schedule that measures the kind most often, if that is often enough."""
    found = [item for item in schedules if item.active and kind in item.kinds]
    best = min(found, key=lambda item: (item.every_days, item.id), default=None)
    return best if best is not None and timedelta(days=best.every_days) <= longest else None


def _near(lacking: Iterable[str], schedules: Iterable[ScheduleFact]) -> list[str]:
    """What there is, where it does not suffice."""
    said = []
    for item in schedules:
        if not {*lacking} & {*item.kinds}:
            continue
        how = f"runs every {counted(item.every_days, 'day')}" if item.active else "is paused"
        said.append(f"Schedule {item.id} {how}.")
    return said
