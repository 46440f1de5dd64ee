"""Fill the points of Annex IV from the record of one version, and say what each lacks."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from governance.compliance.annex import judging, making
from governance.compliance.annex.document import Block, Document, Gap, Part, Section
from governance.compliance.annex.given import Given
from governance.compliance.annex.outline import Point, outline
from governance.compliance.coverage import SETTLED, Standing, stand
from governance.compliance.evidence_kinds import kind_label
from governance.compliance.framework import Control, Framework
from governance.compliance.holdings import SECTIONS, Held
from governance.compliance.library import shipped
from governance.compliance.queries import ModelCoverage, conclusions_of, coverage_of, gaps_of
from registry.measures import measures_of
from registry.models import ModelVersion

Fill = Callable[[Given], Iterator[Block]]
FILLS: Mapping[str, Fill] = {
    "use": making.use,
    "version": making.version,
    "dependencies": making.dependencies,
    "software": making.software,
    "supply": making.supply,
    "development": making.development,
    "design": making.design,
    "inputs": making.inputs,
    "data": making.data,
    "changes": making.changes,
    "measured": judging.measured,
    "validated": judging.validated,
    "groups": judging.groups,
    "integrity": judging.integrity,
    "risks_named": judging.risks_named,
    "risks": judging.risks,
    "tier": judging.tier,
    "oversight": judging.oversight,
    "standards": judging.standards,
    "outside": judging.outside,
    "statements": judging.statements,
    "monitoring": judging.monitoring,
    "incidents": judging.incidents,
}


def annex_iv(version: ModelVersion, reader: User | None, *, today: date) -> Document:
    """The technical documentation of a version, as the record fills it today for this reader."""
    points, model = outline(), version.model
    covered = coverage_of([model], today=today, of={model.pk: version})[0]
    framework = covered.applicable[points.framework].framework
    given = Given(
        version, covered.record, measures_of(version), covered, str(settings.COUNTERSIGN_ORGANISATION), reader
    )
    standings = _standings(given, framework, covered, today)
    return Document(
        id=points.id,
        name=points.name,
        law=points.law,
        note=points.note,
        version=version,
        on=today,
        framework=framework,
        duty=next((row for row in framework.dates if row.what == points.applies), None),
        applicability=covered.applicable[points.framework],
        sections=tuple(
            Section(
                heading.id,
                heading.title,
                tuple(_part(point, given, standings[point.control]) for point in heading.points),
            )
            for heading in points.headings
        ),
        measures=given.measures,
    )


def _standings(
    given: Given, framework: Framework, covered: ModelCoverage, today: date
) -> dict[str, Standing]:
    """How the control of each point stands, whether the framework applies or not."""
    key = (given.model.pk, framework.id)
    controls = [_control(point.control, framework) for head in outline().headings for point in head.points]
    rows = stand(
        framework,
        controls,
        covered.held,
        conclusions_of([given.model.pk]).get(key, {}),
        gaps_of([given.model.pk]).get(key, {}),
        today=today,
    )
    return {row.control.id: row for row in rows}


def _control(name: str, framework: Framework) -> Control:
    """As the framework that counts says it; where somebody's own version lacks it, as the shipped one does."""
    return framework.by_id.get(name) or shipped()[outline().framework].by_id[name]


def _part(point: Point, given: Given, standing: Standing) -> Part:
    blocks = [block for name in point.fill for block in _filled(name, given)]
    return Part(
        id=point.id,
        ref=point.ref,
        title=point.title,
        control=point.control,
        blocks=tuple(blocks),
        gaps=tuple(_gaps(point, given, standing)),
        standing=standing,
    )


def _filled(name: str, given: Given) -> Iterator[Block]:
    kind, _, section = name.partition(".")
    if kind != "card":
        yield from FILLS[name](given)
    elif text := given.section(section):
        number = given.record.card.number if given.record.card else 0
        source = f"Model card, revision {number}"
        yield Block(
            "text", SECTIONS[section], source=source, href=f"{given.card_href}#s-{section}", text=text
        )


def _gaps(point: Point, given: Given, standing: Standing) -> Iterator[Gap]:
    """Kinds of evidence that are not there, and what only a person can say. Nothing where somebody settled it."""
    said = standing.conclusion
    if said is not None and not standing.outdated and said.verdict in SETTLED:
        return
    for held in standing.lacks:
        yield _lacking(held, point, given)
    control = reverse("compliance:model_control", args=[given.model.slug, "eu-ai-act", point.control])
    if said is not None and not standing.outdated:
        yield Gap(f"{said.get_verdict_display()}: {said.rationale}", "the control", control)
    elif point.by_hand:
        yield Gap(f"To be said by a person: {point.by_hand}", "the control", control)


def _lacking(held: Held, point: Point, given: Given) -> Gap:
    stale = " is there and no longer counts" if held.state == "stale" else " is missing"
    place, href = _place(held.kind, point, given)
    return Gap(f"{kind_label(held.kind)}{stale}.", place, href)


def _place(kind: str, point: Point, given: Given) -> tuple[str, str]:
    """Where evidence of a kind is brought in, in words and as an address."""
    area, _, rest = kind.partition(".")
    if area == "card":
        return "the model card", f"{given.card_href}#s-{rest}"
    if area in ("eval", "monitor"):
        return "the evaluations", reverse("evaluations:version_runs", args=given.names)
    if kind == "risk.register":
        return "the risk register", reverse("riskreview:model_risks", args=[given.model.slug])
    if area == "signoff" and rest != "attestation":
        return "the sign-offs", reverse("riskreview:signoffs", args=given.names)
    control = reverse("compliance:model_control", args=[given.model.slug, "eu-ai-act", point.control])
    return "the control, where documents are named", control
