"""How one model stands under one framework, as assessment results: evidence is observed, conclusions are findings."""

from collections.abc import Mapping, Sequence
from typing import Any

from governance.compliance.coverage import Standing
from governance.compliance.framework import Framework
from governance.compliance.holdings import Held, Piece
from governance.compliance.oscal.components import said_of
from governance.compliance.oscal.frame import Site, document, line, moment, prop, props, resource, token
from governance.compliance.oscal.moments import changed_at
from governance.compliance.queries import ModelCoverage
from registry.models import Lifecycle

TESTED = ("eval.", "monitor.")
"""Kinds of evidence that were measured; all others were read."""
LEFT_ASIDE = "not_applicable"


def assessment_results(
    site: Site, covered: ModelCoverage, framework: Framework, rows: Sequence[Standing]
) -> dict[str, Any]:
    """The document, about the version whose evidence counts.

    "satisfied" is only what a person concluded and still counts. A control that somebody found not to apply is no
    finding: it is named among the remarks of what was reviewed.
    """
    here = f"{covered.model.ref}/framework:{framework.id}/results"
    plan = site.uuid(f"{here}/plan")
    asked = [row for row in rows if row.state != LEFT_ASIDE]
    observed = _observed(rows)
    gaps = [row for row in asked if row.gap is not None]
    result: dict[str, Any] = {
        "uuid": site.uuid(f"{here}/result"),
        "title": line(f"{_subject(covered)} under {framework.name}"),
        "description": line(covered.applicable[framework.id].why),
        "start": moment(covered.model.created_at),
        "end": moment(changed_at([covered])),
        "local-definitions": {"components": [_component(site, covered)]},
        "reviewed-controls": {"control-selections": [_selection(framework, rows)]},
        "observations": [_observation(site, here, covered, held, piece) for held, piece in observed.values()],
        "risks": [_risk(site, row) for row in gaps],
        "findings": [_finding(site, here, row) for row in asked],
    }
    content = {
        "import-ap": {"href": f"#{plan}"},
        "results": [{name: value for name, value in result.items() if value != []}],
        "back-matter": {"resources": [_plan(plan, framework), resource(site, framework)]},
    }
    people = [row.conclusion.by for row in asked if row.conclusion is not None]
    people += [row.gap.owner for row in gaps if row.gap is not None]
    title = f"{_subject(covered)}: results under {framework.name}"
    told = document(site, here, title, content, changed_at=changed_at([covered]), people=people)
    return {"assessment-results": told}


def _subject(covered: ModelCoverage) -> str:
    version = covered.record.version
    return f"{covered.model.name}, version {version.version}" if version else covered.model.name


def _plan(plan: str, framework: Framework) -> dict[str, str]:
    """OSCAL asks for the plan that was followed: ours is the framework's own list of controls."""
    text = (
        f"Every control of {framework.name} that a model's record can meet, looked at as evidence comes in."
    )
    return {"uuid": plan, "title": "Standing assessment", "description": text}


def _component(site: Site, covered: ModelCoverage) -> dict[str, Any]:
    model, version = covered.model, covered.record.version
    state = "operational" if covered.record.deployments else "under-development"
    if model.lifecycle == Lifecycle.RETIRED:
        state = "disposition"
    digest = version.artifact_digest if version else ""
    return {
        "uuid": site.uuid(model.ref),
        "type": "software",
        "title": line(_subject(covered)),
        "description": model.purpose.strip() or "Not stated",
        "props": props({"model": model.slug, "artifact-digest": digest})
        + props({"lifecycle": model.lifecycle}),
        "status": {"state": state},
    }


def _selection(framework: Framework, rows: Sequence[Standing]) -> dict[str, Any]:
    asked = [row for row in rows if row.state != LEFT_ASIDE]
    told: dict[str, Any] = {
        "description": line(f"Controls of {framework.name} about a model"),
        "include-controls": [{"control-id": token(row.control.id)} for row in asked],
    }
    aside = [f"{row.control.id}: {said_of(row)}" for row in rows if row.state == LEFT_ASIDE]
    if not asked:  # OSCAL wants at least one, so all of them, each with why it is left aside
        told["include-controls"] = [{"control-id": token(row.control.id)} for row in rows]
    if aside:
        told["remarks"] = "\n\n".join(["Not applicable, by a person's conclusion:", *aside])
    return told


def _observed(rows: Sequence[Standing]) -> Mapping[tuple[str, str], tuple[Held, Piece]]:
    """Each piece of evidence once, however many controls ask for it."""
    return {
        (held.kind, piece.mark): (held, piece) for row in rows for held in row.held for piece in held.pieces
    }


def _observation(site: Site, here: str, covered: ModelCoverage, held: Held, piece: Piece) -> dict[str, Any]:
    told: dict[str, Any] = {
        "uuid": _observation_id(site, here, held, piece),
        "title": line(held.label),
        "description": line(piece.text),
        "props": [prop("kind", held.kind), prop("counts", "no" if piece.stale else "yes")],
        "methods": ["TEST" if held.kind.startswith(TESTED) else "EXAMINE"],
        "subjects": [{"subject-uuid": site.uuid(covered.model.ref), "type": "component"}],
        "collected": moment(piece.on or covered.model.created_at),
    }
    if piece.href:
        told["relevant-evidence"] = [{"href": site.address(piece.href), "description": line(piece.text)}]
    if piece.stale:
        told["remarks"] = piece.stale
    return told


def _observation_id(site: Site, here: str, held: Held, piece: Piece) -> str:
    return site.uuid(f"{here}/evidence:{held.kind}/{piece.mark}")


def _finding(site: Site, here: str, row: Standing) -> dict[str, Any]:
    met = row.state == "satisfied"
    judged = row.conclusion is not None and not row.outdated
    told: dict[str, Any] = {
        "uuid": site.uuid(f"{here}/finding:{row.control.id}"),
        "title": line(row.control.title),
        "description": said_of(row),
        "props": [prop("state", row.state)],
        "target": {
            "type": "objective-id",
            "target-id": token(row.control.id),
            "status": {
                "state": "satisfied" if met else "not-satisfied",
                "reason": ("pass" if met else "fail") if judged else "other",
            },
        },
    }
    related = [
        {"observation-uuid": _observation_id(site, here, held, piece)}
        for held in row.held
        for piece in held.pieces
    ]
    if row.conclusion is not None:
        told["origins"] = [{"actors": [{"type": "party", "actor-uuid": site.uuid(row.conclusion.by.ref)}]}]
    if related:
        told["related-observations"] = related
    if row.gap is not None:
        told["related-risks"] = [{"risk-uuid": site.uuid(f"gap:{row.gap.pk}")}]
    return told


def _risk(site: Site, row: Standing) -> dict[str, Any]:
    """A gap: what the control lacks, who closes it, and by when."""
    gap = row.gap
    if gap is None:
        raise ValueError(f"{row.control.id} has no gap")
    owner = {"type": "party", "actor-uuid": site.uuid(gap.owner.ref)}
    return {
        "uuid": site.uuid(f"gap:{gap.pk}"),
        "title": line(str(gap)),
        "description": line(gap.title),
        "statement": gap.lacks,
        "status": "open",
        "deadline": moment(gap.due_on),
        "remediations": [
            {
                "uuid": site.uuid(f"gap:{gap.pk}/remediation"),
                "lifecycle": "planned",
                "title": "To be done",
                "description": gap.lacks,
                "origins": [{"actors": [owner]}],
            }
        ],
    }
