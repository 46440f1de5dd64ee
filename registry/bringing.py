"""Bringing models and versions in from a tracking server: what is new there comes here, and what cannot is told."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from accounts.refusals import Conflict, Invalid, Refusal
from audit.actor import Actor
from registry.actions.models import create_model
from registry.actions.versions import register_fetched
from registry.entries import ModelEntry
from registry.guesses import guess_slug
from registry.models import ModelVersion, RegisteredModel, TrackedModel, TrackingServer
from registry.storage import staging
from registry.tracked import (
    NotJudged,
    address_of,
    kind_of,
    leave_out,
    numbers_here,
    owner_named,
    purpose_of,
    said,
    tie,
    tie_version,
    ties_of,
    twin_of,
)
from registry.tracking import (
    Away,
    Fetched,
    FoundModel,
    FoundVersion,
    fetch_each,
    refuse_bad_address,
)
from registry.tracking_stores import store_of
from registry.wishes import Wish

READY = "READY"
AT_ONCE = 40  # versions that one process of MLflow's client fetches
BREAKDOWNS = 3  # of that process, after which the round ends


@dataclass(frozen=True)
class Line:
    """What happened to a model, or to one of its versions."""

    name: str
    version: str
    taken: bool
    text: str


@dataclass
class Errand:
    """A registered model of MLflow, where it comes in, and the versions that are new."""

    found: FoundModel
    tracked: TrackedModel | None
    wish: Wish | None
    new: list[FoundVersion] = field(default_factory=list)
    older: dict[str, str] = field(default_factory=dict)  # number → why it stays out
    given_up: bool = False


Pair = tuple[Errand, FoundVersion]


@dataclass
class Bringing:
    """One round of bringing in.

    `say` hears each line as it happens; `pulse` hears how far it is and answers whether to go on;
    `busy` hears that nothing will be heard while a version is hashed and stored.
    """

    server: TrackingServer
    actor: Actor
    now: Callable[[], datetime]
    say: Callable[[Line], None]
    pulse: Callable[[float, str], bool] = lambda progress, step: True
    busy: Callable[[], None] = lambda: None
    latest: int = 0
    again: bool = False
    lines: list[Line] = field(default_factory=list)

    def bring(self, found: Sequence[FoundModel], wishes: Mapping[str, Wish]) -> None:
        """Everything that is new of the tracked models and of those that are wished for. Raises Away."""
        errands = self._errands(found, wishes)
        pairs = [(errand, version) for errand in errands for version in errand.new]
        whole, breakdowns = len(pairs), 0
        while pairs:
            some = pairs[:AT_ONCE]
            done = self._fetch(some, whole - len(pairs), whole)
            breakdowns += done < len(some)
            if breakdowns >= BREAKDOWNS:
                raise Away("MLflow stopped answering several times.", "Look at its log, then sync again.")
            pairs = pairs[done:]

    def foretell(self, found: Sequence[FoundModel], wishes: Mapping[str, Wish]) -> None:
        """Say what would come in, without fetching or changing anything."""
        for errand in self._errands(found, wishes):
            name = errand.found.name
            if errand.tracked is None:
                try:
                    slug, there = self._place(errand)
                except NotJudged as refused:
                    self._tell(name, "", False, said(refused))
                    continue
                self._tell(name, "", True, f"would come into {slug}" if there else f"would be {slug} here")
            for version in errand.new:
                self._tell(name, version.number, True, "would come in")

    def _errands(self, found: Sequence[FoundModel], wishes: Mapping[str, Wish]) -> list[Errand]:
        for name in sorted(wishes.keys() - {model.name for model in found}):
            self._tell(name, "", False, f"MLflow knows no registered model {name}.")
        ties = {one.name: one for one in ties_of(self.server)}
        errands = []
        for model in found:
            errand = Errand(model, ties.get(model.name), wishes.get(model.name))
            if errand.tracked is None and errand.wish is None:
                continue
            try:
                refuse_bad_address(address_of(model.name, "1"))
            except Invalid as refused:
                self._tell(model.name, "", False, said(refused))
                continue
            self._choose(errand)
            if errand.tracked is None and not errand.new:
                self._tell(model.name, "", False, "It has no version in MLflow that is ready.")
            else:
                errands.append(errand)
        return errands

    def _choose(self, errand: Errand) -> None:
        """Versions that are ready, and neither here nor left out before; only the newest where that was said."""
        tie = errand.tracked
        known = set() if tie is None else set(numbers_here(tie))
        left_out = set() if tie is None or self.again else set(tie.not_taken)
        ready = [version for version in errand.found.versions if version.status == READY]
        new = [version for version in ready if version.number not in known | left_out]
        if self.latest and tie is None:
            reason = f"Older than the newest {self.latest} that were asked for."
            errand.older = {version.number: reason for version in new[: -self.latest]}
            new = new[-self.latest :]
        errand.new = new

    def _fetch(self, pairs: Sequence[Pair], before: int, whole: int) -> int:
        """Fetch and register so many of them; fewer than were given when MLflow's client broke down."""
        done = 0

        def tick() -> bool:
            errand, version = pairs[min(done, len(pairs) - 1)]
            return self.pulse((before + done) / whole, f"{errand.found.name} version {version.number}")

        with staging() as stage:
            wanted = [
                (address_of(errand.found.name, version.number), stage / str(number))
                for number, (errand, version) in enumerate(pairs)
            ]
            for _, folder in wanted:
                folder.mkdir()
            for fetched in fetch_each(wanted, store_of(self.server), tick=tick):
                self.busy()
                self._take(*pairs[done], *wanted[done], fetched)
                shutil.rmtree(wanted[done][1], ignore_errors=True)
                done += 1
                if not tick():
                    raise Away("The work was taken over or stopped.")
        return done

    def _take(
        self, errand: Errand, version: FoundVersion, uri: str, folder: Path, fetched: Fetched | Invalid
    ) -> None:
        if errand.given_up:
            return
        if isinstance(fetched, Invalid):
            self._tell(errand.found.name, version.number, False, said(fetched))
            return
        try:
            fresh, registered = self._register(errand, version, uri, folder, fetched)
        except NotJudged as refused:
            errand.given_up = True
            self._tell(errand.found.name, "", False, said(refused))
        except (Conflict, Invalid) as refused:
            self._left_out(errand, version, refused)
        else:
            if fresh:
                self._tell(errand.found.name, "", True, f"is {registered.model.slug} here")
            told = f"is {registered.model.slug} version {registered.version}"
            self._tell(errand.found.name, version.number, True, told)

    def _register(
        self, errand: Errand, version: FoundVersion, uri: str, folder: Path, fetched: Fetched
    ) -> tuple[bool, ModelVersion]:
        """The version, and with the first one its model: both or neither. Whether the model is new, and the version."""
        fresh = False
        if errand.tracked is None:
            slug, there = self._place(errand)
            if there:
                model = RegisteredModel.objects.select_related("owner").get(slug=slug)
                errand.tracked = self._tie(errand, model)
                self._tell(errand.found.name, "", True, f"comes into {slug} from now on")
            fresh = not there
        with transaction.atomic():
            tracked = errand.tracked or self._enter(errand, slug, folder, fetched)
            registered = self._version(tracked, version.number, uri, folder, fetched)
        errand.tracked = tracked
        return fresh, registered

    def _place(self, errand: Errand) -> tuple[str, bool]:
        """The short name that the model gets, and whether that model is here already to take the versions."""
        wish = errand.wish
        assert wish is not None
        slug = wish.slug or guess_slug(errand.found.name)
        there = RegisteredModel.objects.filter(slug=slug).first()
        if there is None or wish.link:
            return slug, there is not None
        if not wish.slug and there.tracked.filter(server=self.server).exists():
            taken = RegisteredModel.objects.filter(slug__startswith=slug).values_list("slug", flat=True)
            return guess_slug(slug, taken=taken), False
        raise NotJudged(
            f"A model {slug} is here already.",
            "Say that its versions shall come in there, or give it another short name.",
        )

    def _enter(self, errand: Errand, slug: str, folder: Path, fetched: Fetched) -> TrackedModel:
        """A new model in the inventory."""
        found, wish = errand.found, errand.wish
        assert wish is not None
        try:
            model = create_model(
                slug=slug,
                entry=ModelEntry(
                    name=found.name[:120],
                    purpose=purpose_of(found, self.server),
                    kind=wish.kind or kind_of(found, folder, fetched),
                    owner=owner_named(wish.owner),
                ),
                actor=self.actor,
                at=self.now(),
            )
        except Refusal as refused:
            raise NotJudged(str(refused), refused.remedy) from refused
        return self._tie(errand, model)

    def _tie(self, errand: Errand, model: RegisteredModel) -> TrackedModel:
        return tie(server=self.server, name=errand.found.name, model=model, at=self.now(), older=errand.older)

    def _version(
        self, tracked: TrackedModel, number: str, uri: str, folder: Path, fetched: Fetched
    ) -> ModelVersion:
        """Under its number, or as mlflow-NUMBER where that is taken; one registered by hand before is only tied."""
        twin = twin_of(tracked, uri, folder)
        if twin is not None:
            tie_version(tracked, twin)
            return twin
        taken = tracked.model.versions.filter(version=number).exists()
        registered = register_fetched(
            model=tracked.model,
            version=f"mlflow-{number}" if taken else number,
            mlflow_uri=uri,
            folder=folder,
            fetched=fetched,
            registrant=tracked.model.owner,
            actor=self.actor,
            at=self.now(),
        )
        tie_version(tracked, registered)
        return registered

    def _left_out(self, errand: Errand, version: FoundVersion, refused: Refusal) -> None:
        """Told, and remembered, so that the next round does not fetch it again."""
        if errand.tracked is not None:
            leave_out(errand.tracked, {version.number: said(refused)})
        self._tell(errand.found.name, version.number, False, said(refused))

    def _tell(self, name: str, version: str, taken: bool, text: str) -> None:
        line = Line(name, version, taken, text)
        self.lines.append(line)
        self.say(line)
