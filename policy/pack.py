"""Read a policy pack and refuse one that does not say exactly what it means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from policy.break_glass import BreakGlassTerms, read_break_glass
from policy.evidence import canonical_digest
from policy.lines import Item, PackError, instead, parse
from policy.pack_requirements import read_requirement
from policy.plan import PlannedEvaluation, planned_for, read_plan
from policy.requirement import Bound, Check, Requirement
from policy.tiering import Tier
from policy.waivers import WaiverTerms, read_waivers
from policy.words import FORMATS, SAFE_FORMATS

__all__ = ["DEFAULT", "ENVIRONMENTS", "Bound", "Check", "Pack", "PackError", "Requirement", "load_pack"]

DEFAULT = Path(__file__).with_name("packs") / "default.yaml"
ENVIRONMENTS = ("development", "staging", "production")
TIERS = tuple(str(tier) for tier in Tier if tier is not Tier.PROHIBITED)
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
FIELDS = (
    ("name", "version", "decision_valid_for", "requirements", "environments"),
    ("title", "plan", "formats", "waivers", "break_glass", "revalidate"),
)
"""The required and the optional keys of a pack."""
HIGHEST_VERSION = 1_000_000
LONGEST_MONTHS = 120

Lists = Mapping[str, Mapping[str, tuple[Requirement, ...]]]


@dataclass(frozen=True)
class Pack:
    """A policy pack: what each environment asks of each tier."""

    name: str
    version: int
    title: str
    digest: str
    decision_valid_for: timedelta
    environments: Lists
    requirements: Mapping[str, Requirement]
    plan: tuple[PlannedEvaluation, ...] = ()
    formats: tuple[str, ...] = SAFE_FORMATS  # of artifacts that may be loaded
    waivers: WaiverTerms | None = None  # None: nothing can be waived
    break_glass: BreakGlassTerms | None = None  # None: there is none
    revalidate: Mapping[str, int] = field(default_factory=dict)  # tier → months between reviews

    def planned(self, tier: str, model_kind: str) -> tuple[PlannedEvaluation, ...]:
        """What such a use is measured by, wherever it is to run; a tier that no list knows counts as the highest."""
        tier = tier if tier in TIERS else TIERS[-1]
        asked = {
            requirement.id: requirement
            for by_tier in self.environments.values()
            for requirement in by_tier[tier]
        }
        return planned_for(asked.values(), self.plan, tier=tier, model_kind=model_kind)

    @cached_property
    def judged_evaluations(self) -> frozenset[str]:
        """Kinds of evaluation that some requirement judges, whatever the environment and tier."""
        return frozenset(item.evaluation for item in self.requirements.values() if item.evaluation)

    @cached_property
    def accepted_reports(self) -> frozenset[str]:
        """Kinds of evaluation of which some requirement accepts what the maker reports."""
        return frozenset(item.evaluation for item in self.requirements.values() if item.accept_reported)

    @cached_property
    def plans_settings(self) -> bool:
        """Whether the plan has anything measured otherwise than usual."""
        return any(item.settings for item in self.plan)


def load_pack(text: str, *, source: str) -> Pack:
    """Return the pack that a YAML text describes, or raise PackError. The source is named in refusals."""
    root = parse(text, source=source)
    fields = root.fields(*FIELDS)
    name = fields["name"].text()
    if not NAME.fullmatch(name):
        raise fields["name"].refuse(
            f'"{name}" is not a name for a pack.', 'Write small letters, digits and "-".'
        )
    requirements = _requirements(fields["requirements"])
    environments = _environments(fields["environments"], requirements)
    _refuse_unused(fields["requirements"], requirements, environments)
    return Pack(
        name=name,
        version=fields["version"].whole(1, HIGHEST_VERSION),
        title=fields["title"].text() if "title" in fields else name,
        digest=canonical_digest(root.plain()),
        decision_valid_for=fields["decision_valid_for"].duration(),
        environments=environments,
        requirements=requirements,
        formats=fields["formats"].choices(FORMATS) if "formats" in fields else SAFE_FORMATS,
        plan=read_plan(fields["plan"], TIERS) if "plan" in fields else (),
        waivers=read_waivers(fields["waivers"], TIERS, requirements) if "waivers" in fields else None,
        break_glass=read_break_glass(fields["break_glass"]) if "break_glass" in fields else None,
        revalidate=_revalidate(fields["revalidate"]) if "revalidate" in fields else {},
    )


def _revalidate(item: Item) -> dict[str, int]:
    """Months between the reviews of a version that stays in use, for each tier."""
    entries = Item(item.node, item.file, "revalidate").fields(TIERS)
    return {tier: entry.whole(1, LONGEST_MONTHS) for tier, entry in entries.items()}


def _requirements(item: Item) -> dict[str, Requirement]:
    found: dict[str, Requirement] = {}
    lines: dict[str, int] = {}
    for entry in item.items():
        requirement = read_requirement(entry)
        if requirement.id in found:
            raise entry.refuse(
                f'The id "{requirement.id}" stands twice.',
                f"Write another id; the first is on line {lines[requirement.id]}.",
            )
        found[requirement.id], lines[requirement.id] = requirement, entry.line
    return found


def _environments(item: Item, requirements: Mapping[str, Requirement]) -> Lists:
    environments: dict[str, dict[str, tuple[Requirement, ...]]] = {}
    for environment, by_tier in item.fields(ENVIRONMENTS).items():
        if str(Tier.PROHIBITED) in by_tier.entries():
            raise by_tier.key("prohibited").refuse(
                "A prohibited use takes no list: it is always denied.", 'Remove the key "prohibited".'
            )
        lists = Item(by_tier.node, by_tier.file, f"the environment {environment}").fields(TIERS)
        environments[environment] = {
            tier: _list(
                Item(entry.node, entry.file, f"the list of {environment}, {tier}"), environment, requirements
            )
            for tier, entry in lists.items()
        }
    return environments


def _list(item: Item, environment: str, requirements: Mapping[str, Requirement]) -> tuple[Requirement, ...]:
    found: list[Requirement] = []
    for entry in item.items():
        name = entry.text()
        if name not in requirements:
            raise entry.refuse(f'There is no requirement "{name}".', instead(name, requirements))
        requirement = requirements[name]
        if requirement in found:
            raise entry.refuse(f'"{name}" stands twice in {item.what}.', "Remove one of them.")
        if requirement.role and requirement.role in [known.role for known in found]:
            raise entry.refuse(
                f'The role "{requirement.role}" is asked for twice in {item.what}.',
                'Keep one requirement, and write "count: 2" there if two people must sign.',
            )
        if requirement.environment and requirement.environment not in _before(environment):
            raise entry.refuse(
                f"A version cannot have run in {requirement.environment} before {environment}.",
                "Name it in a later environment only.",
            )
        found.append(requirement)
    return tuple(found)


def _before(environment: str) -> tuple[str, ...]:
    """The environments that a version passes on its way there."""
    return ENVIRONMENTS[: ENVIRONMENTS.index(environment)]


def _refuse_unused(item: Item, requirements: Mapping[str, Requirement], environments: Lists) -> None:
    used = {
        requirement.id
        for by_tier in environments.values()
        for asked in by_tier.values()
        for requirement in asked
    }
    for entry, name in zip(item.items(), requirements, strict=True):
        if name not in used:
            raise entry.refuse(
                f'The requirement "{name}" is never used.', "Name it in an environment, or remove it."
            )
