"""The policy in force, as people read it."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from policy.pack import TIERS, Pack
from policy.requirement import Requirement
from registry.models import Environment
from riskreview.models import PolicyPack
from riskreview.packs import active_pack
from riskreview.policy_words import in_words

PACKS_SHOWN = 20


@dataclass(frozen=True)
class Asked:
    """A requirement in one environment, and which tiers it is asked of."""

    requirement: Requirement
    words: list[str]
    tiers: list[tuple[str, bool]]


@dataclass(frozen=True)
class Table:
    """What one environment asks."""

    environment: str
    label: str
    rows: list[Asked]


@require_GET
def policy(request: UserRequest) -> HttpResponse:
    """What is asked, by environment and tier, each requirement in words."""
    active = active_pack()
    row, pack = active if active is not None else (None, None)
    context = {
        "row": row,
        "pack": pack,
        "tables": _tables(pack) if pack else [],
        "tiers": TIERS,
        "broken": None if active else PolicyPack.objects.filter(active=True).first(),
        "history": list(PolicyPack.objects.defer("source")[:PACKS_SHOWN]),
    }
    return render(request, "riskreview/policy.html", context)


def _tables(pack: Pack) -> list[Table]:
    """Per environment, in the order of the pack: every requirement that some tier asks for."""
    tables = []
    for name, label in Environment.choices:
        asked = pack.environments.get(name, {})
        rows = []
        for requirement in pack.requirements.values():
            tiers = [(tier, requirement in asked.get(tier, ())) for tier in TIERS]
            if any(wanted for _, wanted in tiers):
                rows.append(Asked(requirement, in_words(requirement), tiers))
        tables.append(Table(name, label, rows))
    return tables
