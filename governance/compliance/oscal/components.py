"""The organisation's models, and its own programme, as components that implement controls."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from governance.compliance.coverage import Standing
from governance.compliance.framework import Framework
from governance.compliance.models import Stance
from governance.compliance.oscal.frame import Site, document, line, prop, props, resource, token
from governance.compliance.oscal.moments import changed_at
from governance.compliance.queries import ModelCoverage, ProgrammeCoverage
from policy.words import listed

IMPLEMENTED = {"satisfied": "implemented", "partly": "partial", "not_applicable": "not-applicable"}
"""State → OSCAL's word. It has none for what nobody concluded or somebody found wanting: our property tells that."""
NOBODY = "Nobody has concluded on this control."


def component_definition(
    site: Site, models: Sequence[ModelCoverage], programme: ProgrammeCoverage, *, ref: str
) -> dict[str, Any]:
    """The document. Raises nothing: a model under no framework is a component without controls."""
    own = _followed(programme)
    used = {name: programme.frameworks[name] for name in own}
    for covered in models:
        used |= {name: covered.applicable[name].framework for name in covered.standings}
    components = [_model(site, covered) for covered in models]
    if own:
        components.append(_programme(site, own, programme.frameworks))
    content: dict[str, Any] = {}
    if components:
        content["components"] = components
    if used:
        content["back-matter"] = {"resources": [resource(site, used[name]) for name in sorted(used)]}
    told = document(
        site,
        ref,
        f"Models of {site.organisation} and the controls that they meet",
        content,
        changed_at=changed_at(models, [row for rows in own.values() for row in rows]),
    )
    return {"component-definition": told}


def _followed(programme: ProgrammeCoverage) -> Mapping[str, list[Standing]]:
    """The frameworks that the organisation follows, or concluded anything on."""
    return {
        name: rows
        for name, rows in programme.standings.items()
        if any(row.conclusion for row in rows)
        or ((said := programme.followed.get(name)) is not None and said.stance == Stance.APPLIES)
    }


def _model(site: Site, covered: ModelCoverage) -> dict[str, Any]:
    model, record = covered.model, covered.record
    version = record.version
    told: dict[str, Any] = {
        "uuid": site.uuid(model.ref),
        "type": "software",
        "title": line(model.name),
        "description": model.purpose.strip() or "Not stated",
        "props": props(
            {
                "model": model.slug,
                "kind": model.kind,
                "lifecycle": model.lifecycle,
                "tier": record.tier.tier if record.tier else "",
                "version": version.version if version else "",
                "artifact-digest": version.artifact_digest if version else "",
            }
        ),
        "links": [{"href": site.address(f"/models/{model.slug}/")}],
    }
    if model.decides:
        told["purpose"] = line(model.decides)
    implementations = [
        _implementation(site, model.ref, covered.applicable[name].framework, rows)
        for name, rows in covered.standings.items()
        if rows
    ]
    if implementations:
        told["control-implementations"] = implementations
    return told


def _programme(
    site: Site, own: Mapping[str, list[Standing]], frameworks: Mapping[str, Framework]
) -> dict[str, Any]:
    return {
        "uuid": site.uuid("programme"),
        "type": "process-procedure",
        "title": line(f"Model governance of {site.organisation}"),
        "description": "What no model's record can meet, and the organisation meets once.",
        "links": [{"href": site.address("/programme/")}],
        "control-implementations": [
            _implementation(site, "programme", frameworks[name], rows) for name, rows in own.items()
        ],
    }


def _implementation(site: Site, ref: str, framework: Framework, rows: Iterable[Standing]) -> dict[str, Any]:
    here = f"{ref}/framework:{framework.id}"
    return {
        "uuid": site.uuid(here),
        "source": f"#{site.uuid(f'framework:{framework.id}')}",
        "description": line(f"{framework.name}, {framework.version}"),
        "implemented-requirements": [_requirement(site, here, row) for row in rows],
    }


def _requirement(site: Site, here: str, row: Standing) -> dict[str, Any]:
    told: dict[str, Any] = {
        "uuid": site.uuid(f"{here}/control:{row.control.id}"),
        "control-id": token(row.control.id),
        "description": said_of(row),
        "props": [
            prop("state", row.state),
            prop("reference", row.control.ref or row.control.id),
            *(prop("evidence", held.state, **{"class": token(held.kind)}) for held in row.held),
        ],
    }
    if row.state in IMPLEMENTED:
        status = {"name": "implementation-status", "value": IMPLEMENTED[row.state]}
        told["props"] = [status, *told["props"]]
    links = [
        {"href": site.address(piece.href), "rel": "evidence", "text": line(piece.text)}
        for held in row.held
        for piece in held.shown
        if piece.href
    ]
    if links:
        told["links"] = links
    return told


def said_of(row: Standing) -> str:
    """What is known of a control, in words: a person's own where somebody concluded."""
    lacks = f" Not there: {listed(held.label for held in row.lacks)}." if row.lacks else ""
    if (given := row.conclusion) is None:
        return f"{row.control.title}. {NOBODY}{lacks}"
    outdated = f" It no longer counts: {' '.join(row.outdated)}" if row.outdated else ""
    return (
        f"{given.get_verdict_display()}, concluded {given.at.date().isoformat()}: {given.rationale}{outdated}"
    )
