"""What the registry's pages read, each in a fixed number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from accounts.models import Role, User
from registry.intake import StoredFile
from registry.models import (
    RUNNING,
    CardComment,
    CardRevision,
    Classification,
    CustomField,
    Dataset,
    DatasetRole,
    Deployment,
    Environment,
    ModelVersion,
    RegisteredModel,
    Team,
)
from registry.oms import statement_of
from registry.sight import seen_by


@dataclass(frozen=True)
class DatasetFilters:
    """What the list of data sets is narrowed to."""

    q: str = ""
    role: str = ""
    classification: str = ""
    owner: str = ""


HEAVY = ("profile", "validation", "schema")


def datasets(filters: DatasetFilters, reader: User) -> QuerySet[Dataset]:
    """Data sets by name, newest version first, with how many versions were trained on each."""
    rows = Dataset.objects.select_related("owner").defer(*HEAVY)
    trained = Count("trained_versions", filter=seen_by(reader, "trained_versions__model"))
    rows = rows.annotate(trained=trained)
    if filters.role in DatasetRole.values:
        rows = rows.filter(role=filters.role)
    if filters.classification in Classification.values:
        rows = rows.filter(classification=filters.classification)
    if filters.owner:
        rows = rows.filter(owner__username=filters.owner)
    if filters.q:
        q = filters.q
        rows = rows.filter(
            Q(name__icontains=q) | Q(digest__icontains=q) | Q(description__icontains=q) | Q(label__iexact=q)
        )
    return rows.order_by("name", "-registered_at", "-pk")


def siblings_of(dataset: Dataset) -> QuerySet[Dataset]:
    """Every version of the same data set, newest first."""
    return Dataset.objects.filter(name=dataset.name).defer(*HEAVY).order_by("-registered_at", "-pk")


def version_before(dataset: Dataset) -> Dataset | None:
    """The version of the same data set that was registered before this one."""
    earlier = Q(registered_at__lt=dataset.registered_at) | Q(
        registered_at=dataset.registered_at, pk__lt=dataset.pk
    )
    return Dataset.objects.filter(earlier, name=dataset.name).order_by("-registered_at", "-pk").first()


def dataset_owners() -> QuerySet[User]:
    """Everyone who owns a data set."""
    return User.objects.filter(datasets__isnull=False).order_by("last_name", "first_name").distinct()


def trained_on(dataset: Dataset, reader: User) -> QuerySet[ModelVersion]:
    """The model versions that were trained on it, as far as the reader may see them."""
    return (
        dataset.trained_versions.filter(seen_by(reader, "model"))
        .select_related("model")
        .order_by("model__name", "-registered_at")
    )


def training_sets() -> QuerySet[Dataset]:
    """What a version may have been trained on: anything but a test set."""
    return Dataset.objects.exclude(role=DatasetRole.TEST).defer(*HEAVY).order_by("name", "-registered_at")


def people_in(role: Role) -> QuerySet[User]:
    """Everyone active who holds the role."""
    holders = User.objects.filter(is_active=True, grants__role=role)
    return holders.order_by("last_name", "first_name").distinct()


def revisions_of(version: ModelVersion) -> QuerySet[CardRevision]:
    """The card's revisions, newest first, with their authors."""
    return version.cards.select_related("author")


def manifest_of(version: ModelVersion) -> dict[str, Any]:
    """The version's files as the statement that an OpenSSF model signature signs."""
    files = [StoredFile(file.path, file.size, file.sha256) for file in version.files.all()]
    return statement_of(f"{version.model.slug}-{version.version}", files)


def before(version: ModelVersion) -> ModelVersion | None:
    """The version that this one was made from, else the one registered before it."""
    if version.parent is not None:
        return version.parent
    earlier = ModelVersion.objects.filter(model=version.model_id, registered_at__lte=version.registered_at)
    return earlier.filter(pk__lt=version.pk).order_by("-registered_at", "-pk").first()


def pair_to_compare(model: RegisteredModel) -> tuple[str, str]:
    """The newest version and the one that it was made from, else the one before it; "" where there is none."""
    newest = model.versions.select_related("parent").first()
    earlier = before(newest) if newest else None
    return earlier.version if earlier else "", newest.version if newest else ""


def card_comments_of(version: ModelVersion) -> QuerySet[CardComment]:
    """What people said about the card's sections, oldest first."""
    return version.card_comments.select_related("author", "resolved_by", "version__model")


def open_card_comments(version: ModelVersion) -> int:
    """How many remarks on the card nobody has resolved."""
    return version.card_comments.filter(resolved_at=None).count()


def next_version(model: RegisteredModel) -> str:
    """The number after the highest whole one; "" when the versions are not numbers."""
    names = list(model.versions.values_list("version", flat=True))
    numbers = [int(name) for name in names if name.isascii() and name.isdigit()]
    return str(max(numbers) + 1) if numbers else ("" if names else "1")


def running_of(model: RegisteredModel) -> list[Deployment]:
    """What of a model runs now, with its versions, production first."""
    live = Deployment.objects.filter(RUNNING, version__model=model)
    return production_first(live.select_related("version").order_by("-deployed_at"))


def production_first(rows: Iterable[Deployment]) -> list[Deployment]:
    """In the order in which people look for them; within an environment as they came."""
    places = Environment.values[::-1]
    return sorted(rows, key=lambda row: places.index(row.environment))


def known_teams() -> dict[str, Team]:
    """Team by name, in order: those that a model names, with or without a row, and those that have a row."""
    kept = {row.name: row for row in Team.objects.prefetch_related("members")}
    names = RegisteredModel.objects.exclude(team="").order_by().values_list("team", flat=True).distinct()
    return {name: kept.get(name) or Team(name=name) for name in sorted({*names, *kept}, key=str.casefold)}


def models_by_team() -> dict[str, int]:
    """Team → how many models name it."""
    rows = RegisteredModel.objects.exclude(team="").order_by().values_list("team").annotate(Count("pk"))
    return dict(rows)


def filled_in(fields: Sequence[CustomField]) -> dict[str, int]:
    """Key → how many models hold a value in that field, all in one query."""
    if not fields:
        return {}
    counts = {f"f{field.pk}": Count("pk", filter=Q(custom__has_key=field.key)) for field in fields}
    found = RegisteredModel.objects.aggregate(**counts)
    return {field.key: found[f"f{field.pk}"] for field in fields}
