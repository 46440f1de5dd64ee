"""Fetching is the permission check: what comes back, the person may read or change.

Everybody who is logged in reads every model, except for those that are kept to their own people (registry/sight.py).
Unknown names answer 404 in words, and so does what the person may not see, in the same ones.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from accounts.access import require_role
from accounts.models import Role, User
from accounts.refusals import NotAllowed
from registry.models import (
    ArtifactFile,
    CardComment,
    CardRevision,
    Classification,
    CustomField,
    Dataset,
    Deployment,
    ModelVersion,
    RegisteredModel,
    TrackingServer,
    Upload,
)
from registry.sight import seen_by, visible_to

STOPPERS = (Role.RISK_OFFICER, Role.COMPLIANCE_OFFICER)
STEWARDS = (Role.DEVELOPER, Role.OWNER, Role.VALIDATOR)
VERIFIERS = (*STEWARDS, *STOPPERS)
INSIDERS = STOPPERS
"""Who sees confidential columns of every data set: risk and compliance officers answer for the data, too. Validators,
developers and auditors judge by figures; who needs the rows asks the owner of the data set."""


def models_for_reader(user: User) -> QuerySet[RegisteredModel]:
    """Every model that the person may see, with its owner."""
    return visible_to(user).select_related("owner")


def model_for_reader(user: User, slug: str) -> RegisteredModel:
    """The model, for somebody who only looks. Raises Http404."""
    found = models_for_reader(user).filter(slug=slug).first()
    if found is None:
        raise Http404(f"There is no model {slug}.")
    return found


def model_for_editor(user: User, slug: str) -> RegisteredModel:
    """The model, for its owner or one of its developers. Raises Http404, NotAllowed."""
    model = model_for_reader(user, slug)
    refuse_unless_editor(user, model)
    return model


def model_for_stopper(user: User, slug: str) -> RegisteredModel:
    """The model, for somebody who may take it out of use: its owner, a risk or a compliance officer."""
    model = model_for_reader(user, slug)
    if not may_stop(user, model):
        raise NotAllowed(
            f"Only the owner of {model.name}, a risk officer or a compliance officer can take it out of use.",
            f"Ask {model.owner.name}.",
        )
    return model


def model_for_resumer(user: User, slug: str) -> RegisteredModel:
    """The model, for an officer, who alone puts it back into use: nobody frees their own model."""
    model = model_for_reader(user, slug)
    require_role(user, *STOPPERS, to="put a suspended model back into use")
    return model


def model_for_tagger(user: User, slug: str) -> RegisteredModel:
    """The model, for somebody who may sort it: its team, a risk or a compliance officer."""
    model = model_for_reader(user, slug)
    if not may_tag(user, model):
        raise NotAllowed(
            f"Only the team of {model.name}, a risk officer or a compliance officer can tag it.",
            f"Ask {model.owner.name}, who owns it.",
        )
    return model


def fields_for_administrator(user: User) -> QuerySet[CustomField]:
    """The fields that the organisation added to the inventory, for somebody who may define them."""
    require_role(user, Role.ADMINISTRATOR, to="define fields of the inventory")
    return CustomField.objects.all()


def field_for_administrator(user: User, key: str) -> CustomField:
    """One of them. Raises NotAllowed, Http404."""
    found = fields_for_administrator(user).filter(key=key).first()
    if found is None:
        raise Http404(f"There is no field {key}.")
    return found


def refuse_unless_creator(user: User) -> None:
    """Models are created by owners and developers."""
    require_role(user, Role.OWNER, Role.DEVELOPER, to="create a model")


def refuse_unless_steward(user: User) -> None:
    """Data sets are registered by developers, owners and validators."""
    require_role(user, *STEWARDS, to="register a data set")


def may_register_data(user: User) -> bool:
    """Whether the person may register a data set."""
    return user.holds(*STEWARDS)


def refuse_unless_verifier(user: User) -> None:
    """Files are hashed again by whoever builds or judges models; auditors change nothing, not even a date."""
    require_role(user, *VERIFIERS, to="have the files verified")


def may_verify(user: User) -> bool:
    """Whether the person may have the files hashed again."""
    return user.holds(*VERIFIERS)


def refuse_unless_editor(user: User, model: RegisteredModel) -> None:
    """Only the owner and the developers of a model change it. An administrator is neither by that role."""
    if not may_edit(user, model):
        raise NotAllowed(
            f"Only the owner and the developers of {model.name} can change it.",
            f"Ask {model.owner.name}, who owns it.",
        )


def may_edit(user: User, model: RegisteredModel) -> bool:
    """Whether the person owns or develops the model."""
    return model.owner_id == user.pk or model.developers.filter(pk=user.pk).exists()


def may_change_team(user: User, model: RegisteredModel) -> bool:
    """Whether the person may change owner and developers: the owner, and officers who are not on the team.

    A developer must not: leaving the team would make the own signature count as independent.
    """
    if model.owner_id == user.pk:
        return True
    return user.holds(*STOPPERS) and not model.developers.filter(pk=user.pk).exists()


def may_tag(user: User, model: RegisteredModel) -> bool:
    """Whether the person may put tags on the model."""
    return user.holds(*STOPPERS) or may_edit(user, model)


def may_stop(user: User, model: RegisteredModel) -> bool:
    """Whether the person may suspend or retire the model."""
    return model.owner_id == user.pk or user.holds(*STOPPERS)


def may_resume(user: User) -> bool:
    """Whether the person may put a suspended model back into use."""
    return user.holds(*STOPPERS)


def version_for_reader(user: User, slug: str, version: str) -> ModelVersion:
    """The version with its model, owner, registrant and training data. Raises Http404."""
    rows = ModelVersion.objects.select_related("model__owner", "registered_by", "trained_on__owner", "parent")
    found = rows.filter(seen_by(user, "model"), model__slug=slug, version=version).first()
    if found is None:
        model = model_for_reader(user, slug)
        raise Http404(f"{model.name} has no version {version}.")
    return found


def version_for_editor(user: User, slug: str, version: str) -> ModelVersion:
    """The version, for the owner or a developer of its model. Raises Http404, NotAllowed."""
    found = version_for_reader(user, slug, version)
    refuse_unless_editor(user, found.model)
    return found


def dataset_for_reader(user: User, name: str, version: str) -> Dataset:
    """The data set with its owner. Raises Http404."""
    found = Dataset.objects.select_related("owner").filter(name=name, version=version).first()
    if found is None:
        raise Http404(f"There is no data set {name}@{version}.")
    return found


def deployment_for_reader(user: User, pk: int) -> Deployment:
    """The deployment with its version and all that judging that reads. Raises Http404."""
    related = ("model__owner", "registered_by", "trained_on__owner")
    rows = Deployment.objects.select_related(*(f"version__{name}" for name in related))
    found = rows.filter(seen_by(user, "version__model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no deployment {pk}.")
    return found


def dataset_for_downloader(user: User, name: str, version: str) -> Dataset:
    """The data set, for somebody who may have its file. Raises Http404, NotAllowed."""
    found = dataset_for_reader(user, name, version)
    if not may_download(user, found):
        why = (
            "is restricted"
            if found.classification == Classification.RESTRICTED
            else "has confidential columns"
        )
        raise NotAllowed(
            f"{found} {why}: only its owner, a risk officer or a compliance officer can download it.",
            f"Ask {found.owner.name}, who owns it.",
        )
    return found


def may_see_confidential(user: User, dataset: Dataset) -> bool:
    """Whether the person may see the values of its confidential columns, and of a restricted set at all."""
    return dataset.owner_id == user.pk or user.holds(*INSIDERS)


def may_download(user: User, dataset: Dataset) -> bool:
    """A file cannot be masked: whoever may not see all of it does not get it."""
    is_open = not dataset.confidential and dataset.classification != Classification.RESTRICTED
    return is_open or may_see_confidential(user, dataset)


def file_for_reader(user: User, version: ModelVersion, path: str) -> ArtifactFile:
    """One file of the manifest. Raises Http404."""
    found = version.files.filter(path=path).first()
    if found is None:
        raise Http404(f"Version {version.version} has no file {path}.")
    return found


def card_for_reader(user: User, version: ModelVersion, number: int | None = None) -> CardRevision | None:
    """The card as last saved, or the revision asked for. Raises Http404 for a revision that is not there."""
    cards = version.cards.select_related("author")
    if number is None:
        return cards.first()
    found = cards.filter(number=number).first()
    if found is None:
        raise Http404(f"The card of version {version.version} has no revision {number}.")
    return found


def card_comment_for_reader(user: User, version: ModelVersion, pk: int) -> CardComment:
    """One remark on the version's card. Raises Http404."""
    found = version.card_comments.select_related("author", "version__model").filter(pk=pk).first()
    if found is None:
        raise Http404(f"The card of version {version.version} has no comment {pk}.")
    return found


def upload_for_owner(user: User, pk: UUID) -> Upload:
    """The upload, for the person who announced it. Raises Http404."""
    found = (
        Upload.objects.select_related("model", "owner")
        .filter(seen_by(user, "model"), pk=pk, owner=user)
        .first()
    )
    if found is None:
        raise Http404(f"There is no upload {pk}, or it has expired.")
    return found


def digests_for_reader(user: User, digests: Collection[str]) -> dict[str, int]:
    """Those of the SHA-256 that are files of versions which the person may read, with their sizes."""
    files = ArtifactFile.objects.filter(version__model__in=models_for_reader(user), sha256__in=list(digests))
    return dict(files.values_list("sha256", "size"))


def connected_server(name: str) -> TrackingServer:
    """A tracking server that is connected. Raises Http404."""
    found = TrackingServer.objects.filter(name=name, removed_at=None).first()
    if found is None:
        raise Http404(f"There is no tracking server {name}.")
    return found


def server_for_administrator(user: User, name: str) -> TrackingServer:
    """A tracking server, for those who connect them. Raises NotAllowed, Http404."""
    refuse_unless_connector(user)
    return connected_server(name)


def refuse_unless_connector(user: User) -> None:
    """Only administrators say which servers Countersign talks to."""
    require_role(user, Role.ADMINISTRATOR, to="connect tracking servers")
