"""What judging by another pack would change, worked out over every version in parts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from policy.pack import Pack
from policy.reach import unreachable
from policy.verdict import Verdict, judge
from registry.models import RUNNING, Deployment, Environment, Lifecycle, ModelVersion
from riskreview.evidence import UNREAD, VERSION_RELATIONS, Key, gather_many, holders_of_roles

CHUNK = 200
MOST_REASONS = 3
LONGEST_REASON = 240

Progress = Callable[[int, int], bool]
"""Told how many versions are judged, and of how many; False stops."""


class Stopped(Exception):
    """Nobody waits for the result any more."""


@dataclass(frozen=True)
class Changed:
    """A version whose answer would be another one in one environment; `why`: what the pack that denies misses."""

    model: str
    name: str
    version: str
    environment: str
    tier: str
    to: str
    deployed: bool
    why: tuple[str, ...]
    more: int = 0


@dataclass
class Counts:
    """Answers in one environment: those that stay, and those that change."""

    stay_allow: int = 0
    stay_deny: int = 0
    to_deny: int = 0
    to_allow: int = 0
    deployed_to_deny: int = 0


@dataclass
class Impact:
    """What would change. `denied`, `denied_deployed` and `allowed` count versions, not environments."""

    versions: int = 0
    denied: int = 0
    denied_deployed: int = 0
    allowed: int = 0
    environments: dict[str, Counts] = field(
        default_factory=lambda: {name: Counts() for name in Environment.values}
    )
    changes: list[Changed] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be kept."""
        return asdict(self) | {"changes": [asdict(item) | {"why": [*item.why]} for item in self.changes]}


def simulate(candidate: Pack, against: Pack | None, *, at: datetime, told: Progress) -> Impact:
    """Judge every version of a model that is not retired, newest first, by both packs. Raises Stopped."""
    impact = Impact(unreachable=[item.text for item in unreachable(candidate, holders_of_roles())])
    waiting = ModelVersion.objects.exclude(model__lifecycle=Lifecycle.RETIRED).order_by("-pk")
    pks = list(waiting.values_list("pk", flat=True))
    deployed = set(Deployment.objects.filter(RUNNING).values_list("version_id", "environment"))
    denied: set[int] = set()
    allowed: set[int] = set()
    for versions in _parts(pks):
        for version, environment, before, after in _judged(versions, candidate, against, at):
            changed = _count(impact, version, environment, before, after, deployed)
            if changed is not None:
                (denied if changed.to == "deny" else allowed).add(version.pk)
                impact.changes.append(changed)
        impact.versions += len(versions)
        if not told(impact.versions, len(pks)):
            raise Stopped
    impact.denied, impact.allowed = len(denied), len(allowed)
    impact.denied_deployed = len(
        {(item.model, item.version) for item in impact.changes if item.to == "deny" and item.deployed}
    )
    impact.changes.sort(key=_most_urgent_first)
    return impact


def _parts(pks: Sequence[int]) -> Iterator[list[ModelVersion]]:
    for start in range(0, len(pks), CHUNK):
        rows = ModelVersion.objects.select_related("model", *VERSION_RELATIONS).defer(*UNREAD)
        yield list(rows.filter(pk__in=pks[start : start + CHUNK]).order_by("-pk"))


def _judged(
    versions: Sequence[ModelVersion], candidate: Pack, against: Pack | None, at: datetime
) -> Iterator[tuple[ModelVersion, str, Verdict, Verdict]]:
    found = gather_many(versions, Environment.values)
    for version in versions:
        for environment in Environment.values:
            evidence = found[version.pk, environment]
            before = judge(against, evidence, environment, at)
            yield version, environment, before, judge(candidate, evidence, environment, at)


def _count(
    impact: Impact,
    version: ModelVersion,
    environment: str,
    before: Verdict,
    after: Verdict,
    deployed: set[Key],
) -> Changed | None:
    """Count the pair of answers; what changed, if the answer did."""
    counts = impact.environments[environment]
    if before.decision == after.decision:
        if after.decision == "allow":
            counts.stay_allow += 1
        else:
            counts.stay_deny += 1
        return None
    runs = (version.pk, environment) in deployed
    if after.decision == "deny":
        counts.to_deny += 1
        counts.deployed_to_deny += runs
    else:
        counts.to_allow += 1
    unmet = [
        f"{item.title}: {item.reason}"[:LONGEST_REASON]
        for item in (after if after.decision == "deny" else before).requirements
        if item.result in ("unsatisfied", "error")
    ]
    return Changed(
        model=version.model.slug,
        name=version.model.name,
        version=version.version,
        environment=environment,
        tier=after.tier or "",
        to=after.decision,
        deployed=runs,
        why=tuple(unmet[:MOST_REASONS]),
        more=max(len(unmet) - MOST_REASONS, 0),
    )


def _most_urgent_first(item: Changed) -> tuple[bool, bool, int]:
    """What runs and would be denied, then denials, then production before the others; newest first among equals."""
    return (
        not (item.deployed and item.to == "deny"),
        item.to != "deny",
        -Environment.values.index(item.environment),
    )


def in_short(result: Mapping[str, Any], *, active: bool) -> str:
    """The one sentence that matters: what activating the pack does to versions."""
    denied, allowed = result["denied"], result["allowed"]
    if not denied and not allowed:
        return "Activating this changes no answer."
    said = []
    if denied:
        today = "that is allowed today" if denied == 1 else "that are allowed today"
        runs = result["denied_deployed"]
        said.append(
            f"denies {_versions(denied)} {today}"
            + (f", {runs} of them deployed" if runs else ", none deployed")
        )
    if allowed:
        today = "that is denied today" if allowed == 1 else "that are denied today"
        said.append(f"allows {_versions(allowed)} {today if active else 'that nothing allows yet'}")
    return f"Activating this {' and '.join(said)}."


def _versions(count: int) -> str:
    return f"{count:,} version{'' if count == 1 else 's'}"
