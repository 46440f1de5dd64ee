"""Things that tests need to exist, made through the product's own actions."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from accounts.scim.models import ScimToken
from accounts.scim.tokens import make_token
from evaluations.actions import request_evaluation, succeed_evaluation
from evaluations.jobs import claim
from evaluations.models import EvaluationRun, EvaluationSchedule
from evaluations.schedules import ScheduleEntry, add_schedule
from governance.compliance.models import BiasAudit
from governance.gate.actions import decide
from governance.gate.models import GateDecision
from governance.pipelines.actions import trust_pipeline
from governance.pipelines.models import TrustRule
from governance.pipelines.terms import Terms
from governance.protection.actions import GuardTerms, add_guard, take_question
from governance.protection.asked import Asked
from governance.protection.models import Guard, Question
from governance.register.actions import publish
from governance.register.forms import Choice
from governance.register.models import Publication
from governance.register.words import material_of
from governance.webhooks.actions import Terms as EndpointTerms
from governance.webhooks.actions import add_endpoint
from governance.webhooks.models import Endpoint
from policy.cards import load_card_schema
from policy.questionnaire_file import DEFAULT as DEFAULT_QUESTIONNAIRE
from policy.tiering import load_questionnaire
from registry import tables
from registry.about import About
from registry.actions import (
    FieldEntry,
    create_model,
    define_field,
    register_dataset,
    register_upload,
    revise_card,
)
from registry.entries import ModelEntry
from registry.models import (
    CardRevision,
    CustomField,
    Dataset,
    DatasetRole,
    ModelKind,
    ModelVersion,
    RegisteredModel,
)
from registry.table_reader.job import Job
from riskreview.exceptions.break_glass import ask_to_break_glass, consent_to_break_glass
from riskreview.exceptions.waivers import WaiverEntry, ask_for_waiver, decide_on_waiver
from riskreview.findings.raising import raise_finding
from riskreview.judgement import judge_version
from riskreview.models import (
    Activation,
    BreakGlass,
    Decision,
    Finding,
    PolicyPack,
    QuestionnaireVersion,
    Review,
    Risk,
    SignOff,
    Simulation,
    TierAssessment,
    Waiver,
)
from riskreview.policies.activation import ask_activation
from riskreview.policies.packs import activate_pack, import_pack
from riskreview.policies.simulations import request_simulation
from riskreview.reviews.asking import open_review
from riskreview.reviews.assigning import recuse
from riskreview.reviews.signoffs import sign_off
from riskreview.risks.adding import add_from_catalogue
from riskreview.risks.assessing import rate_risk, treat_risk
from riskreview.tasks import run_simulation
from riskreview.tiering.assessing import assess_tier, confirm_tier
from riskreview.tiering.questionnaire_changes import next_version, propose_questionnaire
from tests.conftest import AT, PASSWORD, actor_of_user

RISKS = ("ACC-01", "FAI-01", "DAT-03")
"""As many of the catalogue as the default policy asks to be assessed."""
DEFAULT_PACK = Path(__file__).parent.parent / "policy" / "packs" / "default.yaml"
GOOD = {"roc_auc": {"value": 0.81, "low": 0.78, "high": 0.84, "n": 400}}
FAIR = {"selection_rate_ratio": {"value": 0.91, "low": 0.84, "high": 0.98, "n": 400}}
EXPLAINED = {"explained_rows": {"value": 200.0, "low": None, "high": None, "n": 200}}
RATIONALE = "The measured figures support the stated use of the model."


def active_policy(cast: SimpleNamespace) -> None:
    """The default pack, in force."""
    actor = actor_of_user(cast.adam)
    pack = import_pack(DEFAULT_PACK.read_text(), source=DEFAULT_PACK.name, actor=actor, at=AT)
    activate_pack(pack, actor=actor, at=AT)


def another_pack(cast: SimpleNamespace, before: str = "", after: str = "") -> PolicyPack:
    """Version 4 of the default pack; Carl wrote `after` where it says `before`."""
    text = DEFAULT_PACK.read_text().replace("version: 3\n", "version: 4\n", 1)
    assert before in text
    text = text.replace(before, after, 1) if before else text
    return import_pack(text, source="next.yaml", actor=actor_of_user(cast.carl), at=AT)


def a_preview(cast: SimpleNamespace, pack: PolicyPack, at: datetime | None = None) -> Simulation:
    """What the pack would change, as a worker worked it out for Carl."""
    carl = actor_of_user(cast.carl)
    asked = request_simulation(pack=pack, requester=cast.carl, actor=carl, at=at or AT)
    run_simulation(asked.pk)
    asked.refresh_from_db()
    return asked


def an_activation(cast: SimpleNamespace, pack: PolicyPack) -> Activation:
    """Carl saw what the pack changes and asks for it."""
    preview = a_preview(cast, pack)
    return ask_activation(
        simulation=preview,
        seen_digest=preview.result_digest,
        why="The committee decided so on Monday.",
        asker=cast.carl,
        actor=actor_of_user(cast.carl),
        at=timezone.now(),
    )


def a_model(cast: SimpleNamespace, slug: str = "credit-default", **changes: Any) -> RegisteredModel:
    """A credit model of Olga's that Dev develops."""
    given: dict[str, Any] = {
        "name": slug.replace("-", " ").capitalize(),
        "purpose": "Probability that a household loan defaults within twelve months.",
        "decides": "Refers, never refuses alone",
        "business_line": "Retail",
        "kind": ModelKind.BINARY,
        "owner": cast.olga,
        "developers": [cast.dev],
    }
    entry = ModelEntry(**(given | changes))
    return create_model(slug=slug, entry=entry, actor=actor_of_user(cast.olga), at=AT)


def a_field(
    cast: SimpleNamespace, key: str = "risk-contact", kind: str = "text", **changes: Any
) -> CustomField:
    """A field that Adam added to the inventory."""
    entry = FieldEntry(**({"label": key.replace("-", " ").capitalize()} | changes))
    return define_field(key=key, kind=kind, entry=entry, actor=actor_of_user(cast.adam), at=AT)


def an_endpoint(
    cast: SimpleNamespace, name: str = "channel", url: str = "https://hooks.example/x", **changes: Any
) -> Endpoint:
    """Adam has somebody told of denials."""
    terms = EndpointTerms(**({"form": "standard", "happenings": ["gate.denied"]} | changes), url=url)
    return add_endpoint(name=name, terms=terms, maker=cast.adam, actor=actor_of_user(cast.adam), at=AT)


def a_scim_token(cast: SimpleNamespace, name: str = "entra", provider: str = "") -> ScimToken:
    """Adam lets an identity provider keep accounts."""
    now = timezone.now()
    token, _ = make_token(
        name=name,
        provider=provider,
        expires_at=now + timedelta(days=30),
        maker=cast.adam,
        actor=actor_of_user(cast.adam),
        at=now,
    )
    return token


def a_publication(cast: SimpleNamespace, model: RegisteredModel, **changes: Any) -> Publication:
    """Carl published the model as far as he was told to; name and purpose only unless told."""
    material = material_of(model, model.versions.order_by("-pk").first())
    choice: Choice = {"contact": "models@example.org", "sections": [], "figures": []}
    choice |= changes  # type: ignore[typeddict-item]
    return publish(
        material=material,
        **choice,
        seen=material.words(**choice).digest,
        note="The council wants it to be public.",
        user=cast.carl,
        actor=actor_of_user(cast.carl),
        at=AT,
    )


def a_trust_rule(cast: SimpleNamespace, name: str = "retail-deploy", **changes: Any) -> TrustRule:
    """Pipelines of acme/credit may ask about credit-default in production, by Adam's word."""
    given: dict[str, Any] = {
        "kind": "github",
        "owner_id": "42",
        "repository_id": "1001",
        "repository": "acme/credit",
        "models": ("credit-default",),
        "environments": ("production",),
    } | changes
    return trust_pipeline(
        name=name,
        terms=Terms(**given),
        reason="It deploys the model.",
        maker=cast.adam,
        actor=actor_of_user(cast.adam),
        at=AT,
    )


def a_guard(cast: SimpleNamespace, rule: TrustRule, **changes: str) -> Guard:
    """GitHub's production is ours, and credit-default deploys there, unless told."""
    given = {"github_environment": "production", "model": "credit-default", "environment": "production"}
    terms = GuardTerms(**(given | changes))
    return add_guard(rule=rule, terms=terms, maker=cast.adam, actor=actor_of_user(cast.adam), at=AT)


def a_question_of_github(**changes: str) -> Question:
    """A run of acme/credit waits to deploy to production."""
    given = {
        "repository": "acme/credit",
        "repository_id": "1001",
        "owner_id": "42",
        "environment": "production",
        "event": "push",
        "ref": "refs/heads/main",
        "sha": "3fa9d10c" * 5,
        "run_id": "77",
        "installation_id": "88",
        "sender": "dev",
    }
    asked = Asked(**(given | changes))
    question, _ = take_question(
        delivery_id="72d3162e-cc78-11e3-81ab-4c9367dc0958", body=b"{}", asked=asked, at=timezone.now()
    )
    return question


def a_version(
    cast: SimpleNamespace,
    model: RegisteredModel,
    version: str = "1",
    content: bytes | None = None,
    **changes: Any,
) -> ModelVersion:
    """A version that Dev uploaded, unless told."""
    given: dict[str, Any] = {"registrant": cast.dev}
    body = content if content is not None else f"{model.slug} {version}".encode()
    return register_upload(
        model=model,
        version=version,
        files=[("model.skops", BytesIO(body))],
        actor=actor_of_user(cast.dev),
        at=AT,
        **(given | changes),
    )


def a_version_of_viktor(cast: SimpleNamespace, model: RegisteredModel, version: str = "1") -> ModelVersion:
    """A version that Viktor uploaded, trained on data of Ada's: neither of them is on the team."""
    about = About(trained_on=a_dataset(cast, "training", owner=cast.ada, role=DatasetRole.TRAINING))
    return a_version(cast, model, version, registrant=cast.viktor, about=about)


def a_dataset(cast: SimpleNamespace, name: str = "loans-test", **changes: Any) -> Dataset:
    """A small test set with its truth and a sensitive column."""
    rows = "age,amount,sex,credit\n" + "\n".join(
        f"{20 + n % 50},{100 * n},{'f' if n % 2 else 'm'},{'good' if n % 3 else 'bad'}" for n in range(60)
    )
    given: dict[str, Any] = {
        "name": name,
        "version": "1",
        "role": DatasetRole.TEST,
        "file": ContentFile(rows.encode(), name=f"{name}.csv"),
        "label": "credit",
        "positive": "good",
        "prediction": "",
        "score": "",
        "sensitive": ["sex"],
        "description": "",
        "owner": cast.viktor,
    }
    with patch.object(tables, "_answer", _answered_once):
        return register_dataset(**(given | changes), actor=actor_of_user(cast.viktor), at=AT)


_answers: dict[tuple[bytes, str], dict[str, Any]] = {}
_read = tables._answer


def _answered_once(job: Job) -> dict[str, Any]:
    """What the reader's process answered of the same bytes before: hundreds of tests register the same small table,
    and starting the process is a quarter of their time."""
    key = (Path(job.path).read_bytes(), repr(replace(job, path="")))
    if key not in _answers:
        _answers[key] = _read(job)
    return deepcopy(_answers[key])


def blob_of(version: ModelVersion, path: str = "model.skops") -> Path:
    """Where one file of a version lies on disk."""
    return blob(version.files.get(path=path).sha256)


def blob(digest: str) -> Path:
    """Where the bytes of this SHA-256 lie on disk."""
    name = digest.removeprefix("sha256:")
    return Path(settings.MEDIA_ROOT) / "blobs" / name[:2] / name


def a_file(content: bytes, name: str) -> "ContentFile[bytes]":
    """An uploaded file."""
    return ContentFile(content, name=name)


def a_tier(
    cast: SimpleNamespace, model: RegisteredModel, tier: str = "high", confirmed: bool = True
) -> TierAssessment:
    """Answers that give this tier, confirmed by Ada."""
    level = {"low": 0, "moderate": 1, "high": 2, "critical": 4, "prohibited": 0}[tier]
    flags = {
        "high": ["credit_employment_housing_insurance_health_decision"],
        "prohibited": ["eu_prohibited_practice"],
    }.get(tier, [])
    answers = {question.id: level for question in load_questionnaire().questions}
    assessment = assess_tier(
        model=model, answers=answers, flags=flags, assessor=cast.olga, actor=actor_of_user(cast.olga), at=AT
    )
    if confirmed:
        confirm_tier(
            assessment=assessment,
            tier=tier,
            rationale="Fits the use.",
            officer=cast.ada,
            actor=actor_of_user(cast.ada),
            at=AT,
        )
    return assessment


def changed_questionnaire(*changes: tuple[str, str]) -> str:
    """The text that ships as the next version, with pieces replaced."""
    text = DEFAULT_QUESTIONNAIRE.read_text().replace("\nversion: 1\n", f"\nversion: {next_version()}\n")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


A_QUESTION_MORE = """questions:
- id: children
  axis: materiality
  weight: 20
  question: Do children meet the output?
  answers: {0: Never, 2: Now and then, 4: Every day}
"""


def a_questionnaire(cast: SimpleNamespace, text: str = "") -> QuestionnaireVersion:
    """Another version, with one question more, proposed by Adam."""
    return propose_questionnaire(
        text=text or changed_questionnaire(("questions:\n", A_QUESTION_MORE)),
        note="Children were forgotten.",
        proposer=cast.adam,
        actor=actor_of_user(cast.adam),
        at=AT,
    )


def a_card(
    cast: SimpleNamespace, version: ModelVersion, author: User | None = None, **sections: str
) -> CardRevision:
    """A complete card, with changes where given."""
    full = {
        section.id: f"{section.title} of this model, said in enough words to count."
        for section in load_card_schema().sections
    }
    author = author or cast.dev
    return revise_card(
        version=version,
        sections=full | sections,
        author=author,
        note="",
        expected_revision=None,
        actor=actor_of_user(author),
        at=AT,
    )


def a_measurement(
    cast: SimpleNamespace,
    version: ModelVersion,
    dataset: Dataset,
    kind: str,
    overall: Mapping[str, Any],
) -> EvaluationRun:
    """A run that a worker finished with these figures."""
    run = request_evaluation(
        version=version,
        dataset=dataset,
        kind=kind,
        config={},
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )
    claimed = claim(EvaluationRun, run.pk, at=AT)
    assert claimed is not None
    assert succeed_evaluation(run=claimed, result={"overall": dict(overall)}, provenance={}, at=AT)
    run.refresh_from_db()
    return run


def a_finding(cast: SimpleNamespace, version: ModelVersion, **changes: Any) -> Finding:
    """A finding of Viktor's against the version, which Olga answers for."""
    given: dict[str, Any] = {
        "origin": "validation",
        "severity": "medium",
        "title": "Overrides are not counted",
        "description": "Staff may decide against the score, and nobody counts how often they do.",
        "owner": cast.olga,
        "raiser": cast.viktor,
    }
    given |= changes
    actor = actor_of_user(given["raiser"])
    return raise_finding(model=version.model, version=version, **given, actor=actor, at=AT)


def a_schedule(cast: SimpleNamespace, model: RegisteredModel, **changes: Any) -> EvaluationSchedule:
    """The plan of the newest version, every month from now on; added by Dev."""
    given: dict[str, Any] = {
        "model": model,
        "version": None,
        "kinds": [],
        "dataset_name": "",
        "dataset_version": "",
        "dataset_role": "",
        "every_days": 30,
        "first_at": AT,
    }
    dev = actor_of_user(cast.dev)
    return add_schedule(entry=ScheduleEntry(**(given | changes)), creator=cast.dev, actor=dev, at=AT)


def a_risk(
    cast: SimpleNamespace,
    model: RegisteredModel,
    catalogue_id: str = "ACC-01",
    before: tuple[int, int] | None = (3, 4),
    after: tuple[int, int] | None = (2, 3),
) -> Risk:
    """A risk of the catalogue that Olga owns, rated and treated by her unless told."""
    given: dict[str, Any] = {"actor": actor_of_user(cast.olga), "at": AT}
    risk, _ = add_from_catalogue(model=model, catalogue_id=catalogue_id, raiser=cast.olga, **given)
    if before is None:
        return risk
    risk = rate_risk(risk=risk, inherent=before, residual=after, note="", rater=cast.olga, **given)
    return treat_risk(
        risk=risk,
        treatment="mitigate",
        controls="Monthly report",
        review_on=AT.date() + timedelta(days=90),
        treater=cast.olga,
        **given,
    )


def ready_to_sign(cast: SimpleNamespace, tier: str = "high", slug: str = "credit-default") -> ModelVersion:
    """A version for which production lacks nothing but signatures; submitted by Dev."""
    return made_ready(cast, a_version(cast, a_model(cast, slug)), tier)


def made_ready(cast: SimpleNamespace, version: ModelVersion, tier: str = "high") -> ModelVersion:
    """The same for a version that came from elsewhere."""
    a_tier(cast, version.model, tier)
    a_card(cast, version)
    for catalogue_id in RISKS:
        a_risk(cast, version.model, catalogue_id)
    dataset = a_dataset(cast, f"{version.model.slug}-test")
    a_measurement(cast, version, dataset, "performance", GOOD)
    a_measurement(cast, version, dataset, "fairness", FAIR)
    a_measurement(cast, version, dataset, "explainability", EXPLAINED)
    a_review(cast, version)
    return version


def a_review(cast: SimpleNamespace, version: ModelVersion, environment: str = "production") -> Review:
    """Dev asks for a review."""
    return open_review(
        version=version,
        environment=environment,
        note="",
        opener=cast.dev,
        due_on=AT.date(),
        actor=actor_of_user(cast.dev),
        at=AT,
    )


def step_back(version: ModelVersion, person: User) -> None:
    """The person recuses themself from the review of the version."""
    actor = actor_of_user(person)
    recuse(review=version.reviews.get(), reason="My sister built it.", person=person, actor=actor, at=AT)


def a_signature(
    review: Review, signer: User, role: str, decision: Decision = Decision.APPROVE, **changes: Any
) -> SignOff:
    """The signer's decision on the evidence as it stands."""
    given: dict[str, Any] = {
        "rationale": RATIONALE,
        "conditions": [],
        "seen_digest": judge_version(review.version, review.environment, at=AT).digest,
        "password": PASSWORD,
        "at": AT,
    }
    return sign_off(
        review=review,
        role=role,
        decision=decision,
        signer=signer,
        actor=actor_of_user(signer),
        **(given | changes),
    )


def a_decision(
    cast: SimpleNamespace,
    version: ModelVersion,
    environment: str = "production",
    *,
    hours: int = 0,
    dry_run: bool = False,
) -> GateDecision:
    """What the gate tells Dev's pipeline now, or told it so many hours ago."""
    return decide(
        version=version,
        environment=environment,
        context={},
        dry_run=dry_run,
        actor=actor_of_user(cast.dev),
        at=timezone.now() - timedelta(hours=hours),
    )


EXPLAINABILITY = "evaluation.explainability"
NOT_EXPLAINED = {"explained_rows": {"value": 20.0, "low": None, "high": None, "n": 20}}


def unexplained(cast: SimpleNamespace, version: ModelVersion) -> ModelVersion:
    """The version after a run that explained too few of its outputs."""
    dataset = version.evaluations.filter(kind="explainability").latest("pk").dataset
    a_measurement(cast, version, dataset, "explainability", NOT_EXPLAINED)
    return version


def fully_signed(cast: SimpleNamespace, version: ModelVersion) -> ModelVersion:
    """The version with the signatures that a high tier asks for."""
    review = version.reviews.get()
    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")
    return version


def a_wish(cast: SimpleNamespace, version: ModelVersion, **changes: Any) -> Waiver:
    """Olga asks that explainability be waived in production for thirty days."""
    requester = changes.pop("by", cast.olga)
    at = changes.pop("at", AT)
    entry: dict[str, Any] = {
        "requirement": EXPLAINABILITY,
        "why": "The vendor keeps the model to itself.",
        "controls": "A senior underwriter decides each case.",
        "last_day": (at + timedelta(days=30)).date(),
    }
    return ask_for_waiver(
        version=version,
        environment="production",
        entry=WaiverEntry(**(entry | changes)),
        requester=requester,
        actor=actor_of_user(requester),
        at=at,
    )


def word_on(waiver: Waiver, person: User, role: str, **changes: Any) -> Waiver:
    """The person's approval of a waiver, or what they say instead."""
    given: dict[str, Any] = {"approves": True, "note": "", "password": PASSWORD, "at": AT}
    return decide_on_waiver(
        waiver=waiver, role=role, approver=person, actor=actor_of_user(person), **(given | changes)
    )


def a_waiver(cast: SimpleNamespace, version: ModelVersion, **changes: Any) -> Waiver:
    """What Olga asked for, granted by Ada and Carl."""
    waiver = a_wish(cast, version, **changes)
    at = changes.get("at", AT)
    word_on(waiver, cast.ada, "risk_officer", at=at)
    return word_on(waiver, cast.carl, "compliance_officer", at=at)


def an_emergency(cast: SimpleNamespace, version: ModelVersion, **changes: Any) -> BreakGlass:
    """Ada asks to break the glass in production."""
    person = changes.pop("by", cast.ada)
    given: dict[str, Any] = {
        "environment": "production",
        "reason": "The batch of tonight pays the pensions.",
        "hours": 8,
        "role": "risk_officer",
        "password": PASSWORD,
        "at": AT,
    }
    return ask_to_break_glass(
        version=version, requester=person, actor=actor_of_user(person), **(given | changes)
    )


def consent(found: BreakGlass, person: User, role: str, **changes: Any) -> BreakGlass:
    """The person's consent to breaking the glass, or what they say instead."""
    given: dict[str, Any] = {"agrees": True, "reason": "", "password": PASSWORD, "at": AT}
    return consent_to_break_glass(
        found=found, role=role, person=person, actor=actor_of_user(person), **(given | changes)
    )


def broken_glass(cast: SimpleNamespace, version: ModelVersion, **changes: Any) -> BreakGlass:
    """What Ada asked for, opened by Carl."""
    found = an_emergency(cast, version, **changes)
    return consent(found, cast.carl, "compliance_officer", at=changes.get("at", AT))


def a_bias_audit(cast: SimpleNamespace, model: RegisteredModel, on: date) -> BiasAudit:
    """An audit that Carl recorded, done on that day on the model's fairness run."""
    run = model.versions.get().evaluations.filter(kind="fairness").get()
    why = "Hired by the city, and no part in the model."
    return BiasAudit.objects.create(
        model=model,
        version=run.version,
        run=run,
        result_digest=run.result_digest,
        rate="selection",
        auditor="Northgate",
        independence=why,
        data_kind="historical",
        audited_on=on,
        distributed_on=on,
        data_until=on,
        data_source=why,
        columns={},
        categories={},
        recorded_by=cast.carl,
        recorded_at=AT,
    )
