"""Concluding on a control, and taking a conclusion back. Bound to the evidence as it is at that moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.compliance.coverage import bound_evidence
from governance.compliance.facts import organisation_record, record_of
from governance.compliance.framework import Control, Framework, Level
from governance.compliance.holdings import Held, holdings, holdings_of_organisation
from governance.compliance.library import every
from governance.compliance.maturity.teams import holdings_of_team, team_records, team_slug
from governance.compliance.models import GIVEN, Conclusion, Verdict
from governance.compliance.rules import why_not_conclude, why_not_conclude_on_team
from registry.models import RegisteredModel
from riskreview.findings.steps import said

LONGEST = timedelta(days=731)
WHO = "A compliance officer without a part in the model concludes."
PLACES = {
    "model": "on the page of a model",
    "organisation": "on the programme page",
    "team": "on the page of a team",
}


@dataclass(frozen=True)
class Subject:
    """What a conclusion is about: a model, a team, or (neither) the organisation."""

    model: RegisteredModel | None
    team: str = ""

    @property
    def level(self) -> Level:
        """Which controls are about it."""
        return "team" if self.team else "organisation" if self.model is None else "model"

    def held(self, at: datetime) -> dict[str, Held]:
        """Kind → what is held of it."""
        if self.team:
            return holdings_of_team(team_records(self.team, today=at.date()))
        if self.model is None:
            return holdings_of_organisation(organisation_record(today=at.date()))
        return holdings(record_of(self.model, today=at.date()))

    def why_not(self, user: User, at: datetime) -> str:
        """Why the person may not conclude on it; empty if they may."""
        if self.team:
            return why_not_conclude_on_team(user, team_records(self.team, today=at.date()))
        version = record_of(self.model, today=at.date()).version if self.model is not None else None
        return why_not_conclude(user, self.model, version)


def conclude(
    *,
    framework: str,
    controls: Sequence[str],
    model: RegisteredModel | None,
    verdict: str,
    rationale: str,
    until: date,
    seen: str = "",
    team: str = "",
    user: User,
    actor: Actor,
    at: datetime,
) -> list[Conclusion]:
    """Say how controls stand, for a model, a team or the organisation; each stands on its own in the record.

    `seen` is the digest of the evidence that the person looked at, where it is one control: what moved since is
    refused with Conflict. Raises NotAllowed, which is recorded, and Invalid.
    """
    known = _framework(framework)
    about = Subject(model, team)
    chosen = _controls(known, controls, about)
    _refuse_bad_answer(verdict, until, at)
    why = said(rationale, "rationale")
    _refuse(user, known, [control.id for control in chosen], about, actor=actor, at=at)
    with transaction.atomic():
        held = about.held(at)
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
                    team=team,
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
    team: str = "",
    user: User,
    actor: Actor,
    at: datetime,
) -> Conclusion:
    """Say that a conclusion no longer stands. It stays in the history."""
    known = _framework(framework)
    why = said(rationale, "rationale")
    about = Subject(model, team)
    _refuse(user, known, [control], about, actor=actor, at=at)
    with transaction.atomic():
        rows = Conclusion.objects.select_for_update(of=("self",))
        newest = rows.filter(framework=known.id, control=control, model=model, team=team).first()
        if newest is None or newest.verdict == Verdict.TAKEN_BACK:
            raise Conflict("Nothing is concluded on this control.", "There is nothing to take back.")
        subject = known.by_id.get(control) or Control(control, control, "", "model", newest.control_title)
        made = Conclusion(
            framework=known.id,
            control=control,
            model=model,
            team=team,
            verdict=Verdict.TAKEN_BACK,
            rationale=why,
            by=user,
            at=at,
        )
        return _keep(made, known, subject, about.held(at), actor=actor, at=at)


def seen_digest(control: Control, held: dict[str, Held]) -> str:
    """What a form sends back, so that nobody concludes on evidence that they have not seen."""
    return ",".join(held[kind].digest[7:23] for kind in control.evidence if kind in held) or "none"


def subject_of(framework: str, control: str, model: RegisteredModel | None, team: str = "") -> str:
    """Stable text for the audit trail: a control for a model, for a team, or for the organisation."""
    if team:
        return f"team:{team_slug(team)}/control:{framework}.{control}"
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
    subject = subject_of(framework.id, control.id, made.model, made.team)
    record(verb, subject=subject, actor=actor, at=at, detail=detail)
    return made


def _framework(name: str) -> Framework:
    found = every().get(name)
    if found is None:
        raise Invalid(f'There is no framework "{name[:64]}".', "Choose one of the list.", field="framework")
    return found


def _controls(framework: Framework, names: Sequence[str], about: Subject) -> list[Control]:
    chosen = [framework.by_id[name] for name in dict.fromkeys(names) if name in framework.by_id]
    if not chosen or len(chosen) != len(set(names)):
        raise Invalid(f"{framework.name} has no such control.", "Choose controls of its list.")
    if wrong := [control for control in chosen if control.level != about.level]:
        raise Invalid(f"{wrong[0].ref} is concluded {PLACES[wrong[0].level]}.", "Conclude it there.")
    return chosen


def _refuse(
    user: User,
    framework: Framework,
    controls: Sequence[str],
    about: Subject,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Refuse whoever may not conclude, and put that on the record."""
    if reason := about.why_not(user, at):
        detail = {"framework": framework.id, "controls": list(controls), "reason": reason}
        with transaction.atomic():
            subject = subject_of(framework.id, controls[0], about.model, about.team)
            record(Verb.CONTROL_REFUSED, subject=subject, actor=actor, at=at, detail=detail)
        raise NotAllowed(reason, WHO)
