"""The whole run: train every source, log each version, write the data sets and portfolio.json."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from governance.demo.portfolio import Model, Portfolio, Version, save_portfolio
from governance.demo.training import adult, diabetes, digits, german, mortgages, tumours, wine
from governance.demo.training.frames import Shelf
from governance.demo.training.profiles import Profile, load_profile
from governance.demo.training.store import SOURCE_NAME, Logged, Store
from governance.demo.training.trained import Trained

SOURCES = (german, mortgages, adult, tumours, diabetes, wine, digits)
Say = Callable[[str], None]


def build(folder: Path, *, tracking_uri: str, artifacts: Path | None, say: Say) -> Portfolio:
    """Train and log everything, write data sets and portfolio.json into `folder`, answer what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    shelf = Shelf(folder)
    store = Store.open(tracking_uri, artifacts)
    models = []
    for source in SOURCES:
        for slug, versions in groupby(source.train(shelf), key=lambda trained: trained.slug):
            models.append(model(load_profile(slug), list(versions), store, say))
    portfolio = Portfolio(models=tuple(models), datasets=tuple(shelf.datasets))
    save_portfolio(portfolio, folder / "portfolio.json")
    return portfolio


def model(profile: Profile, versions: list[Trained], store: Store, say: Say) -> Model:
    """Log each version of a model and join it with what people wrote about it."""
    entries = []
    for trained in versions:
        logged = None if trained.pipeline is None else store.log(trained, trained.pipeline)
        entries.append(entry(profile, trained, logged))
        say(f"{trained.slug} {trained.version}: {summary(trained)}")
    return Model(
        slug=profile.slug,
        name=profile.name,
        kind=profile.kind,
        purpose=profile.purpose,
        decides=profile.decides,
        business_line=profile.business_line,
        answers=profile.answers,
        flags=profile.flags,
        expected_tier=profile.expected_tier,
        notes=profile.notes,
        versions=tuple(entries),
    )


def entry(profile: Profile, trained: Trained, logged: Logged | None) -> Version:
    """One version as the portfolio writes it; no commit, because nothing here knows one for sure."""
    return Version(
        version=trained.version,
        story=trained.story,
        mlflow_uri=logged.uri if logged else None,
        mlflow_run_id=logged.run_id if logged else None,
        code_repository=SOURCE_NAME if logged else "",
        code_commit="",
        parameters={name: str(value) for name, value in trained.parameters.items()},
        features=tuple(trained.example.columns) if logged else (),
        datasets=trained.datasets,
        card=profile.card_of(trained.version, trained.measured),
        measured=trained.measured,
    )


def summary(trained: Trained) -> str:
    """The numbers that the default policy looks at, in one line."""
    shown = ("roc_auc", "roc_auc_low", "balanced_accuracy", "r2", "selection_rate_ratio")
    return ", ".join(f"{name} {trained.measured[name]:.3f}" for name in shown if name in trained.measured)
