"""Teams as the inventory names them, and what is held of each kind of evidence across all models of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.text import slugify

from accounts.models import User
from governance.compliance.evidence_kinds import evidence_kinds
from governance.compliance.facts import Record, records_of
from governance.compliance.holdings import Held, Piece, holdings
from policy.evidence import canonical_digest
from registry.models import Lifecycle, RegisteredModel
from registry.sight import hidden_from


@dataclass(frozen=True)
class TeamHeld(Held):
    """What a team holds of one kind: a piece for each of its models that has any. Present: every model has it."""

    members: tuple[str, ...] = ()

    @property
    def models(self) -> int:
        """How many models the team has."""
        return len(self.members)

    @property
    def digest(self) -> str:
        """Of its pieces and of who belongs to the team: a model that joins without evidence changes it, too."""
        return canonical_digest([super().digest, *self.members])

    @property
    def state(self) -> str:
        """Present, partly (some of the models) or missing."""
        having = sum(not piece.stale for piece in self.pieces)
        return "present" if having == self.models else "partly" if having else "missing"


def teams(reader: User) -> dict[str, str]:
    """Name in addresses → team, of models in use, by name: teams of which the reader may see every model."""
    rows = RegisteredModel.objects.exclude(lifecycle=Lifecycle.RETIRED).exclude(team="")
    hidden = hidden_from(reader).exclude(lifecycle=Lifecycle.RETIRED)
    rows = rows.exclude(team__in=hidden.values("team"))
    names = rows.order_by("team").values_list("team", flat=True).distinct()
    return {team_slug(name): name for name in names if team_slug(name)}


def team_slug(team: str) -> str:
    """A team in addresses and in the record."""
    return slugify(team)


def team_records(team: str, *, today: date) -> list[Record]:
    """The record of each model in use of a team."""
    return records_by_team([team], today=today)[team]


def records_by_team(names: Sequence[str], *, today: date) -> dict[str, list[Record]]:
    """The records of the models in use of each team, in a fixed number of queries."""
    rows = RegisteredModel.objects.filter(team__in=names).exclude(lifecycle=Lifecycle.RETIRED)
    models = list(rows.select_related("owner").prefetch_related("developers").order_by("name", "pk"))
    records = records_of(models, today=today)
    return {name: [records[model.pk] for model in models if model.team == name] for name in names}


def holdings_of_team(records: Sequence[Record]) -> dict[str, Held]:
    """Kind → what the models of a team hold of it."""
    held = [(record.model, holdings(record)) for record in records]
    members = tuple(sorted(record.model.slug for record in records))
    return {
        kind: TeamHeld(
            kind,
            tuple(_piece(model, found[kind]) for model, found in held if found[kind].pieces),
            members,
        )
        for kind in evidence_kinds()
    }


def _piece(model: RegisteredModel, held: Held) -> Piece:
    """One model's evidence of a kind as one piece; the newest one says when."""
    count = len(held.pieces)
    return Piece(
        text=f"{model.name}: {held.pieces[0].text}" + (f" and {count - 1} more" if count > 1 else ""),
        href=held.pieces[0].href,
        on=max((piece.on for piece in held.pieces if piece.on), default=None),
        mark=canonical_digest([model.slug, held.digest]),
        stale="" if held.state == "present" else "It no longer counts.",
    )
