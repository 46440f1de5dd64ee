"""Who took part in a model: what they say about it is not independent, outside reviews either."""

from policy.evidence import Person
from policy.independence import reasons_against
from registry.models import ModelVersion, RegisteredModel
from riskreview.evidence.facts import involved

READ = (
    *("model", "version", "registered_at"),
    *("registered_by__username", "trained_on__owner__username"),
)


def involved_in(model: RegisteredModel, version: ModelVersion | None = None) -> dict[str, str]:
    """User name → why this person is not independent of the version, in sentences to them; in three queries.

    Without a version it is about the model: whoever took part in any version that is registered.
    """
    developers = [Person(person.username, person.name) for person in model.developers.all()]
    parts: dict[str, tuple[str, ...]] = {person.username: ("develops this model",) for person in developers}
    parts[model.owner.username] = ("owns this model",)
    rows = model.versions.select_related("registered_by", "trained_on__owner").only(*READ).order_by("pk")
    for row in rows if version is None else rows.filter(pk=version.pk):
        for username, facts in involved(row, developers, ()).items():
            parts.setdefault(username, facts if version else _named(facts, row))
    return {username: _sentences(username, parts) for username in parts}


def _named(facts: tuple[str, ...], version: ModelVersion) -> tuple[str, ...]:
    """What is said of "this version", said of a version among others."""
    name = f"version {version.version}"
    return tuple(fact.replace("this version", name).replace("the version", name) for fact in facts)


def _sentences(username: str, parts: dict[str, tuple[str, ...]]) -> str:
    return " ".join(reasons_against(username, "", involved=parts, roles_held=[""], signed_roles={}))
