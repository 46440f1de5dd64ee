"""For each kind of evidence, what a record holds of it: one small pure function a kind.

That something is there says nothing about whether a control is met: people conclude that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.urls import reverse

from evaluations.models import EvaluationRun, PredictionSource
from governance.compliance.evidence_kinds import evidence_kinds, kind_label
from governance.compliance.facts import OrganisationRecord, Record
from governance.compliance.models import OutsideEvidence
from policy.cards import complete, load_card_schema
from policy.evidence import canonical_digest
from registry.models import DatasetRole
from riskreview.models import Decision, FindingOrigin, ReviewKind, SignOff

MOST_SHOWN = 12
APPROVALS = (Decision.APPROVE, Decision.APPROVE_WITH_CONDITIONS)
AGAIN = (ReviewKind.PERIODIC, ReviewKind.TARGETED)
INCIDENTS = (FindingOrigin.INCIDENT, FindingOrigin.BREAK_GLASS)
SECTIONS = {section.id: section.title for section in load_card_schema().sections}


@dataclass(frozen=True)
class Piece:
    """One piece of evidence. `mark` is what a conclusion is bound to; `stale` says why it no longer counts."""

    text: str
    href: str
    on: date | None
    mark: str
    stale: str = ""


@dataclass(frozen=True)
class Held:
    """What is held of one kind."""

    kind: str
    pieces: tuple[Piece, ...]

    @property
    def label(self) -> str:
        """What people call the kind."""
        return kind_label(self.kind)

    @property
    def state(self) -> str:
        """Present, stale (there, and none of it counts any more) or missing."""
        if not self.pieces:
            return "missing"
        return "present" if any(not piece.stale for piece in self.pieces) else "stale"

    @property
    def digest(self) -> str:
        """Of all its pieces, and whether each counts."""
        return canonical_digest(sorted(f"{piece.mark} {bool(piece.stale)}" for piece in self.pieces))

    @property
    def shown(self) -> tuple[Piece, ...]:
        """As many pieces as a page shows."""
        return self.pieces[:MOST_SHOWN]

    @property
    def hidden(self) -> int:
        """How many more there are."""
        return max(len(self.pieces) - MOST_SHOWN, 0)


Find = Callable[[Record], Iterator[Piece]]


def holdings(record: Record) -> dict[str, Held]:
    """Kind → what a model's record holds of it, for every kind."""
    return {
        kind: Held(kind, (*FINDERS[kind](record), *_outside(record.outside, kind, record.today)))
        if kind in FINDERS
        else Held(kind, tuple(_outside(record.outside, kind, record.today)))
        for kind in evidence_kinds()
    }


def holdings_of_organisation(record: OrganisationRecord) -> dict[str, Held]:
    """Kind → what is held of it beyond single models, for every kind."""
    own = {piece_kind: piece for piece_kind, piece in _of_organisation(record)}
    return {
        kind: Held(
            kind,
            (
                *([own[kind]] if kind in own else []),
                *_outside(record.outside, kind, record.today),
            ),
        )
        for kind in evidence_kinds()
    }


def _of_organisation(record: OrganisationRecord) -> Iterator[tuple[str, Piece]]:
    if record.models:
        text = f"Inventory of {record.models:,} model{'' if record.models == 1 else 's'}"
        yield "inventory", Piece(text, reverse("portfolio:models"), None, "inventory")
    if record.events:
        yield "audit_trail", Piece("The tamper-evident log", reverse("trail:events"), None, "log")
    if (pack := record.pack) is not None:
        when = _day(pack.activated_at)
        yield (
            "document.policy",
            Piece(f"Policy pack {pack}, in force", reverse("riskreview:policy"), when, pack.digest),
        )
    if (asked := record.questionnaire) is not None:
        href = reverse("riskreview:questionnaire")
        yield "risk.tier", Piece(f"The {asked}, in force", href, _day(asked.activated_at), asked.digest)


def _outside(rows: tuple[OutsideEvidence, ...], kind: str, today: date) -> Iterator[Piece]:
    for row in rows:
        if row.kind == kind:
            over = row.holds_until is not None and row.holds_until < today
            yield Piece(
                text=f"{row.title}, kept elsewhere",
                href=row.place if row.is_link else "",
                on=_day(row.attached_at),
                mark=f"outside:{row.pk}",
                stale=f"It held until {row.holds_until}." if over else "",
            )


def _inventory(record: Record) -> Iterator[Piece]:
    model = record.model
    said = {
        name: getattr(model, name)
        for name in (
            *("name", "purpose", "decides", "products", "expected_use", "actual_use", "restrictions"),
            *("business_line", "team", "origin", "supplier", "kind", "jurisdictions", "regulated_uses"),
            *("owner_id", "lifecycle", "custom"),
        )
    }
    href = reverse("portfolio:model", args=[model.slug])
    yield Piece(
        f"Inventory entry of {model.name}",
        href,
        _day(model.created_at),
        canonical_digest({**said, "owner_id": str(said["owner_id"])}),
    )


def _card(section: str, record: Record) -> Iterator[Piece]:
    card, version = record.card, record.version
    if card is None or version is None or not complete(text := str(card.sections.get(section, ""))):
        return
    href = reverse("registry:card", args=[record.model.slug, version.version]) + f"#s-{section}"
    title = f"Card of v{version.version}, revision {card.number}: {SECTIONS[section]}"
    yield Piece(title, href, _day(card.saved_at), canonical_digest(text))


def _tier(record: Record) -> Iterator[Piece]:
    if (tier := record.tier) is None:
        return
    href = reverse("riskreview:tier", args=[record.model.slug])
    stale = "" if tier.is_confirmed else "No risk officer has confirmed it."
    yield Piece(f"Tier {tier.tier}", href, _day(tier.confirmed_at or tier.assessed_at), tier.digest, stale)


def _risks(record: Record) -> Iterator[Piece]:
    rated = [risk for risk in record.risks if risk.inherent and not risk.is_closed]
    if not rated:
        return
    marks = [f"{risk.pk} {risk.inherent} {risk.residual} {risk.treatment} {risk.state}" for risk in rated]
    text = f"Risk register: {len(rated)} rated risk{'' if len(rated) == 1 else 's'}"
    href = reverse("riskreview:model_risks", args=[record.model.slug])
    yield Piece(text, href, _day(max(risk.changed_at for risk in rated)), canonical_digest(sorted(marks)))


def _evaluation(kind: str, record: Record) -> Iterator[Piece]:
    yield from _runs(record, [run for run in record.runs if run.kind == kind])


def _monitoring(kind: str, record: Record) -> Iterator[Piece]:
    """Measured on what production saw."""
    seen = DatasetRole.PRODUCTION_SAMPLE
    yield from _runs(record, [run for run in record.runs if run.kind == kind and run.dataset.role == seen])


def _runs(record: Record, runs: list[EvaluationRun]) -> Iterator[Piece]:
    """The newest run on each data set."""
    newest: dict[int, EvaluationRun] = {}
    for run in runs:
        newest.setdefault(run.dataset_id, run)
    for run in newest.values():
        reported = ", reported by its maker" if run.source == PredictionSource.REPORTED else ""
        version = record.version.version if record.version else ""
        text = f"Run {run.pk}, {run.get_kind_display().lower()} of v{version} on {run.dataset}{reported}"
        href = reverse("evaluations:run", args=[run.pk])
        yield Piece(text, href, _day(run.finished_at or run.requested_at), run.result_digest)


def _validation(record: Record) -> Iterator[Piece]:
    return _signed(record, lambda row: row.role == "validator")


def _approval(record: Record) -> Iterator[Piece]:
    return _signed(record, lambda row: row.role != "validator")


def _periodic(record: Record) -> Iterator[Piece]:
    return _signed(record, lambda row: row.review.kind in AGAIN)


def _attestation(record: Record) -> Iterator[Piece]:
    """The signature of those who answer for the business, with the statement that they read."""
    return _signed(record, lambda row: row.role == "business_approver")


def _signed(record: Record, fits: Callable[[SignOff], bool]) -> Iterator[Piece]:
    version = record.version
    for row in record.signoffs:
        if version is None or row.decision not in APPROVALS or not fits(row):
            continue
        ended = row.expires_at is not None and row.expires_at.date() < record.today
        yield Piece(
            f"{row.role_label} {row.signer.name}: {row.get_decision_display().lower()}, v{version.version}",
            reverse("riskreview:signoffs", args=[record.model.slug, version.version]),
            _day(row.signed_at),
            f"signoff:{row.pk}",
            f"It expired on {row.expires_at:%Y-%m-%d}." if ended else "",
        )


def _log(record: Record) -> Iterator[Piece]:
    if record.logged:
        href = f"{reverse('trail:events')}?subject={record.model.ref}"
        yield Piece(f"Every event of {record.model.name}, in the tamper-evident log", href, None, "log")


def _findings(record: Record, origins: tuple[str, ...] = ()) -> Iterator[Piece]:
    for row in record.findings:
        if not origins or row.origin in origins:
            yield Piece(
                f"{row}, {row.get_state_display().lower()}",
                reverse("riskreview:finding", args=[row.pk]),
                _day(row.raised_at),
                f"finding:{row.pk}:{row.state}",
            )


def _changes(record: Record) -> Iterator[Piece]:
    for version in record.versions:
        yield Piece(
            f"Version {version.version} registered",
            reverse("portfolio:version", args=[record.model.slug, version.version]),
            _day(version.registered_at),
            version.artifact_digest,
        )
    for row in record.deployments:
        yield Piece(
            f"Version {row.version.version} runs in {row.environment}",
            reverse("deployments:deployment", args=[row.pk]),
            _day(row.deployed_at),
            f"deployment:{row.pk}",
        )


def _day(when: datetime | None) -> date | None:
    return when.date() if when is not None else None


FINDERS: Mapping[str, Find] = {
    "inventory": _inventory,
    **{f"card.{section}": partial(_card, section) for section in SECTIONS},
    "risk.tier": _tier,
    "risk.register": _risks,
    **{
        f"eval.{kind}": partial(_evaluation, kind)
        for kind in (
            *("performance", "calibration", "fairness", "robustness", "security", "privacy"),
            *("explainability", "data_quality", "stability"),
        )
    },
    "signoff.validation": _validation,
    "signoff.approval": _approval,
    "signoff.periodic_review": _periodic,
    "signoff.attestation": _attestation,
    "monitor.performance": partial(_monitoring, "performance"),
    "monitor.drift": partial(_monitoring, "stability"),
    "monitor.fairness": partial(_monitoring, "fairness"),
    "audit_trail": _log,
    "incident": partial(_findings, origins=INCIDENTS),
    "finding": _findings,
    "change": _changes,
}
"""Kind → how to find it in a record."""

ATTACHED = (
    *("document.policy", "document.external", "risk.impact_assessment", "signoff.attestation"),
    *("monitor.performance", "monitor.drift", "monitor.fairness", "monitor.usage"),
    *("incident", "eval.generative", "eval.security", "eval.privacy"),
)
"""Kinds that may be kept elsewhere about a model, and attached by name and place."""


def attachable(*, organisation: bool) -> tuple[str, ...]:
    """Kinds that may be attached: every kind for the organisation, which has no record of its own for most."""
    return tuple(evidence_kinds()) if organisation else ATTACHED
