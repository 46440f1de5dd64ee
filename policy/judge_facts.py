"""Judge what is simply so or not: the tier, the artifact, the card, the conditions."""

from collections.abc import Mapping

from policy.cards import load_card_schema, missing_sections
from policy.context import Context, Judgement, after, earliest, told
from policy.evidence import Artifact, Condition, TierFact
from policy.requirement import Requirement
from policy.words import counted, day, listed, named, span


def judge_tier(requirement: Requirement, context: Context) -> Judgement:
    """Satisfied when somebody independent confirmed the tier, and the use is still what they confirmed it for."""
    fact = context.evidence.tier
    officers = tuple(
        person
        for person in context.evidence.holders.get("risk_officer", ())
        if person.username not in context.evidence.involved
    )
    if fact is None:
        result = told(
            requirement,
            context,
            "unsatisfied",
            "No tier is proposed yet.",
            remedy="The owner answers the tier questionnaire; then a risk officer confirms it.",
            who=named(context.evidence.owners, "owner"),
        )
    elif fact.confirmed_by is None:
        result = told(
            requirement,
            context,
            "unsatisfied",
            f"The answers propose {fact.tier}. Nobody confirmed it yet.",
            remedy="A risk officer confirms the tier.",
            who=named(officers, "risk_officer"),
            evidence=(fact.digest,),
        )
    elif part := part_of_confirmer(fact, context.evidence.involved):
        result = told(
            requirement,
            context,
            "unsatisfied",
            f"{_confirmed(fact, context)}. {fact.confirmed_by} {part}, so that counts as unconfirmed.",
            remedy="A risk officer without a part in the model confirms the tier.",
            who=named(officers, "risk_officer"),
            evidence=(fact.digest,),
            stale=True,
        )
    elif fact.use_changed:
        result = told(
            requirement,
            context,
            "unsatisfied",
            f"{_confirmed(fact, context)}, but the use changed since: {listed(fact.use_changed)}.",
            remedy="A risk officer confirms the tier for the changed use, or the owner answers anew.",
            who=named(officers, "risk_officer"),
            evidence=(fact.digest,),
            detail={"use_changed": list(fact.use_changed)},
            stale=True,
        )
    else:
        reason = f"{_confirmed(fact, context)}; questionnaire version {fact.questionnaire_version}."
        result = told(requirement, context, "satisfied", reason, evidence=(fact.digest,))
    return Judgement(result)


def part_of_confirmer(fact: TierFact, involved: Mapping[str, tuple[str, ...]]) -> str:
    """Return what part in the model whoever confirmed the tier has, in words that follow a name; mostly empty."""
    parts = involved.get(fact.confirmer, ()) if fact.confirmed_by else ()
    return listed(parts) if parts else ""


def _confirmed(fact: TierFact, context: Context) -> str:
    when = f" on {day(fact.confirmed_at, context.now)}" if fact.confirmed_at else ""
    return f"{fact.tier.capitalize()}, confirmed by {fact.confirmed_by}{when}"


def judge_artifact(requirement: Requirement, context: Context) -> Judgement:
    """Satisfied when the stored bytes were found to match their digests, recently enough."""
    artifact = context.evidence.artifact
    if artifact is None:
        problem, remedy = "No artifact is stored for this version.", "Register a version with its files."
    elif artifact.problem:
        problem, remedy = f"{artifact.problem.rstrip('.')}.", "Register the right files as a new version."
    elif artifact.verified_at is None:
        problem, remedy = "The files were never compared with their digests.", "Verify the files."
    elif requirement.max_age and context.now - artifact.verified_at >= requirement.max_age:
        problem = (
            f"The files were last compared with their digests on {day(artifact.verified_at, context.now)}, "
            f"more than {span(requirement.max_age)} ago."
        )
        remedy = "Verify the files again."
    else:
        until = artifact.verified_at + requirement.max_age if requirement.max_age else None
        reason = _verified(artifact, day(artifact.verified_at, context.now))
        return Judgement(told(requirement, context, "satisfied", reason, evidence=(artifact.digest,)), until)
    looked_at = (artifact.digest,) if artifact else ()
    return Judgement(
        told(
            requirement,
            context,
            "unsatisfied",
            problem,
            remedy=remedy,
            who=context.makers,
            evidence=looked_at,
        )
    )


def _verified(artifact: Artifact, when: str) -> str:
    if artifact.predictions_only:
        return (
            f"The declaration matches its digest, verified on {when}. The model's files stay with the vendor."
        )
    matches = "matches its digest" if artifact.files == 1 else "match their digests"
    return f"{counted(artifact.files, 'file')} {matches}, verified on {when}."


def judge_card(requirement: Requirement, context: Context) -> Judgement:
    """Satisfied when each section that the tier asks for says something."""
    card = context.evidence.card
    schema = load_card_schema()
    asked = schema.required(context.tier)
    missing = missing_sections(schema, card.sections if card else {}, context.tier)
    looked_at = (card.digest,) if card else ()
    if card is None or missing:
        titles = listed(section.title for section in missing)
        reason = (
            f"{len(missing)} of {counted(len(asked), 'section')} that {context.tier} asks for "
            f"{'says' if len(missing) == 1 else 'say'} too little: {titles}."
            if card
            else "No card is written yet."
        )
        return Judgement(
            told(
                requirement,
                context,
                "unsatisfied",
                reason,
                remedy=f"Write {titles}, at least 20 characters each.",
                who=context.makers,
                evidence=looked_at,
                detail={"missing": [section.id for section in missing]},
            )
        )
    reason = (
        f"All {len(asked)} sections that {context.tier} asks for are written; revision {card.revision} "
        f"by {card.author}, {day(card.saved_at, context.now)}."
    )
    return Judgement(told(requirement, context, "satisfied", reason, evidence=looked_at))


def judge_conditions(requirement: Requirement, context: Context) -> Judgement:
    """Satisfied while no condition of a standing approval is both overdue and unmet."""
    asked: list[Condition] = []
    looked_at: list[str] = []
    for fact in context.decisions:
        if fact.decision == "approve_with_conditions":
            asked.extend(fact.conditions)
            looked_at.append(f"sign-off {fact.id}")
    evidence = tuple(looked_at)
    if not asked:
        reason = "No sign-off carries a condition."
        return Judgement(told(requirement, context, "not_applicable", reason))
    unmet = sorted((item for item in asked if not item.met), key=lambda item: item.due_on)
    overdue = [item for item in unmet if item.due_on < context.today]
    if overdue:
        parts = [f'"{item.text}" was due on {day(item.due_on, context.now)}' for item in overdue]
        return Judgement(
            told(
                requirement,
                context,
                "unsatisfied",
                f"{listed(parts)} and {'is' if len(overdue) == 1 else 'are'} not met.",
                remedy="Meet what is overdue, and have it marked as met.",
                who=context.makers,
                evidence=evidence,
                detail={"overdue": [item.text for item in overdue]},
            )
        )
    if unmet:
        reason = f"{counted(len(unmet), 'condition')} open, next due on {day(unmet[0].due_on, context.now)}."
    else:
        reason = f"{counted(len(asked), 'condition')} met."
    until = earliest(*(after(item.due_on) for item in unmet))
    return Judgement(told(requirement, context, "satisfied", reason, evidence=evidence), until)
