"""Concluding on a control, and taking a conclusion back. Bound to the evidence as it is at that moment."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.compliance.coverage import bound_evidence
from governance.compliance.facts import organisation_record, record_of
from governance.compliance.framework import Control, Framework
from governance.compliance.holdings import Held, holdings, holdings_of_organisation
from governance.compliance.library import frameworks
from governance.compliance.models import GIVEN, Conclusion, Verdict
from governance.compliance.rules import why_not_conclude
from registry.models import RegisteredModel
from riskreview.findings.steps import said

LONGEST = timedelta(days=731)
WHO = "A compliance officer without a part in the model concludes."


def conclude(
    *,
    framework: str,
    controls: Sequence[str],
    model: RegisteredModel | None,
    verdict: str,
    rationale: str,
    until: date,
    seen: str = "",
    user: User,
    actor: Actor,
    at: datetime,
) -> list[Conclusion]:
    """Say how controls stand, for a model or for the organisation; each stands on its own in the record.

    `seen` is the digest of the evidence that the person looked at, where it is one control: what moved since is
    refused with Conflict. Raises NotAllowed, which is recorded, and Invalid.
    """
    known = _framework(framework)
    chosen = _controls(known, controls, model)
    _refuse_bad_answer(verdict, until, at)
    why = said(rationale, "rationale")
    _refuse(user, known, [control.id for control in chosen], model, actor=actor, at=at)
    with transaction.atomic():
        held = _held(model, at)
        if seen and any(seen_digest(control, held) != seen for control in chosen):
            raise Conflict(
                "The evidence changed since you opened the page.", "Look at it again; your text is kept."
            )
        return [
            _keep(
                Conclusion(
                    framework=known.id,
                    control=control.id,
                    model=model,
                    verdict=verdict,
                    rationale=why,
                    until=until,
                    evidence=bound_evidence(control, verdict, held),
                    by=user,
                    at=at,
                ),
                known,
                control,
                held,
                actor=actor,
                at=at,
            )
            for control in chosen
        ]


def _refuse_bad_answer(verdict: str, until: date, at: datetime) -> None:
    if verdict not in GIVEN:
        raise Invalid(
            f'"{verdict[:20]}" cannot be concluded.', f"Choose {', '.join(GIVEN)}.", field="verdict"
        )
    if not at.date() < until <= at.date() + LONGEST:
        raise Invalid(
            "A conclusion ends.", "Choose a day between tomorrow and two years from now.", field="until"
        )


def take_back(
    *,
    framework: str,
    control: str,
    model: RegisteredModel | None,
    rationale: str,
    user: User,
    actor: Actor,
    at: datetime,
) -> Conclusion:
    """Say that a conclusion no longer stands. It stays in the history."""
    known = _framework(framework)
    why = said(rationale, "rationale")
    _refuse(user, known, [control], model, actor=actor, at=at)
    with transaction.atomic():
        rows = Conclusion.objects.select_for_update(of=("self",))
        newest = rows.filter(framework=known.id, control=control, model=model).first()
        if newest is None or newest.verdict == Verdict.TAKEN_BACK:
            raise Conflict("Nothing is concluded on this control.", "There is nothing to take back.")
        subject = known.by_id.get(control) or Control(control, control, "", "model", newest.control_title)
        made = Conclusion(
            framework=known.id,
            control=control,
            model=model,
            verdict=Verdict.TAKEN_BACK,
            rationale=why,
            by=user,
            at=at,
        )
        return _keep(made, known, subject, _held(model, at), actor=actor, at=at)


def seen_digest(control: Control, held: dict[str, Held]) -> str:
    """What a form sends back, so that nobody concludes on evidence that they have not seen."""
    return ",".join(held[kind].digest[7:23] for kind in control.evidence if kind in held) or "none"


def subject_of(framework: str, control: str, model: RegisteredModel | None) -> str:
    """Stable text for the audit trail: a control for a model, or for the organisation."""
    if model is None:
        return f"framework:{framework}/control:{control}"
    return f"{model.ref}/control:{framework}.{control}"


def _keep(
    made: Conclusion,
    framework: Framework,
    control: Control,
    held: dict[str, Held],
    *,
    actor: Actor,
    at: datetime,
) -> Conclusion:
    made.control_digest, made.control_title = control.digest, control.title
    made.framework_version, made.framework_digest = framework.version, framework.digest
    made.save(force_insert=True)
    detail = {
        "framework": framework.id,
        "framework_version": framework.version,
        "control": control.id,
        "title": control.title,
        "verdict": made.verdict,
        "rationale": made.rationale,
        "until": made.until.isoformat() if made.until else None,
        "evidence": made.evidence,
        "missing": [kind for kind in control.evidence if kind in held and held[kind].state != "present"],
    }
    verb = Verb.CONTROL_TAKEN_BACK if made.verdict == Verdict.TAKEN_BACK else Verb.CONTROL_CONCLUDED
    subject = subject_of(framework.id, control.id, made.model)
    record(verb, subject=subject, actor=actor, at=at, detail=detail)
    return made


def _held(model: RegisteredModel | None, at: datetime) -> dict[str, Held]:
    if model is None:
        return holdings_of_organisation(organisation_record(today=at.date()))
    return holdings(record_of(model, today=at.date()))


def _framework(name: str) -> Framework:
    found = frameworks().get(name)
    if found is None:
        raise Invalid(f'There is no framework "{name[:64]}".', "Choose one of the list.", field="framework")
    return found


def _controls(framework: Framework, names: Sequence[str], model: RegisteredModel | None) -> list[Control]:
    level = "organisation" if model is None else "model"
    chosen = [framework.by_id[name] for name in dict.fromkeys(names) if name in framework.by_id]
    if not chosen or len(chosen) != len(set(names)):
        raise Invalid(f"{framework.name} has no such control.", "Choose controls of its list.")
    if wrong := [control for control in chosen if control.level != level]:
        place = "on the programme page" if model is not None else "on the page of a model"
        raise Invalid(f"{wrong[0].ref} is concluded {place}.", "Conclude it there.")
    return chosen


def _refuse(
    user: User,
    framework: Framework,
    controls: Sequence[str],
    model: RegisteredModel | None,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Refuse whoever may not conclude, and put that on the record."""
    version = record_of(model, today=at.date()).version if model is not None else None
    if reason := why_not_conclude(user, model, version):
        detail = {"framework": framework.id, "controls": list(controls), "reason": reason}
        with transaction.atomic():
            subject = subject_of(framework.id, controls[0], model)
            record(Verb.CONTROL_REFUSED, subject=subject, actor=actor, at=at, detail=detail)
        raise NotAllowed(reason, WHO)
