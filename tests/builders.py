"""Things that tests need to exist, made through the product's own actions."""

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from evaluations.actions import request_evaluation, succeed_evaluation
from evaluations.jobs import claim
from evaluations.models import EvaluationRun, EvaluationSchedule
from evaluations.schedules import ScheduleEntry, add_schedule
from governance.gate.actions import decide
from governance.gate.models import GateDecision
from policy.cards import load_card_schema
from policy.tiering import load_questionnaire
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
from riskreview.actions import assess_tier, confirm_tier, open_review, sign_off
from riskreview.judgement import judge_version
from riskreview.models import Decision, Review, SignOff, TierAssessment
from riskreview.packs import activate_pack, import_pack
from tests.conftest import AT, PASSWORD, actor_of_user

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


def a_version(
    cast: SimpleNamespace, model: RegisteredModel, version: str = "1", content: bytes | None = None
) -> ModelVersion:
    """A version that Dev uploaded."""
    body = content if content is not None else f"{model.slug} {version}".encode()
    return register_upload(
        model=model,
        version=version,
        files=[("model.skops", BytesIO(body))],
        registrant=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )


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
    return register_dataset(**(given | changes), actor=actor_of_user(cast.viktor), at=AT)


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


def ready_to_sign(cast: SimpleNamespace, tier: str = "high", slug: str = "credit-default") -> ModelVersion:
    """A version for which production lacks nothing but signatures; submitted by Dev."""
    return made_ready(cast, a_version(cast, a_model(cast, slug)), tier)


def made_ready(cast: SimpleNamespace, version: ModelVersion, tier: str = "high") -> ModelVersion:
    """The same for a version that came from elsewhere."""
    a_tier(cast, version.model, tier)
    a_card(cast, version)
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
