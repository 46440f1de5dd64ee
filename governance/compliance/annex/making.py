"""What was made and how: purpose, version, software, development, design, data, changes."""

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.urls import reverse

from governance.compliance.annex.document import Block, Fact
from governance.compliance.annex.given import Given
from registry.models import Dataset
from registry.places import place_names
from registry.regulated import use_names
from registry.sight import UNSEEN, hidden_from

MOST_ROWS = 40
SIGNATURE = "What goes in and what comes out"


def use(given: Given) -> Iterator[Block]:
    """What it is for, and who provides it."""
    model = given.model
    by = model.supplier or given.organisation
    yield Block(
        "facts",
        "Purpose and provider",
        source=f"Inventory entry of {model.name}",
        href=reverse("portfolio:model", args=[model.slug]),
        facts=(
            Fact("Name", model.name),
            Fact("Intended purpose", model.purpose),
            Fact("Decisions that it serves", model.decides),
            Fact("Products and processes", model.products),
            Fact("Expected use", model.expected_use),
            Fact("Not to be used for", model.restrictions),
            Fact("Developed by", f"{by} ({model.get_origin_display().lower()})"),
            Fact("Answers for it", model.owner.name),
            Fact("Jurisdictions", ", ".join(place_names(model.jurisdictions))),
            Fact("Regulated uses", ", ".join(use_names(model.regulated_uses))),
        ),
    )


def version(given: Given) -> Iterator[Block]:
    """Which version this is, and which one it follows."""
    row = given.version
    parent = row.parent
    yield Block(
        "facts",
        "Version",
        source="Registry",
        href=reverse("portfolio:version", args=given.names),
        facts=(
            Fact("Version", row.version),
            Fact("Made from", f"version {parent.version}" if parent else "no earlier version"),
            Fact("Registered", f"{row.registered_at:%Y-%m-%d} by {row.registered_by.name}"),
            Fact("Artifact", row.artifact_digest),
            Fact("Kind", given.model.get_kind_display()),
        ),
    )


def dependencies(given: Given) -> Iterator[Block]:
    """Other models whose answers it takes, or that take its own."""
    model = given.model
    hidden = set() if given.reader is None else set(hidden_from(given.reader).values_list("pk", flat=True))
    ties = [
        (row.depends_on, "gives its answer to this one", row.note)
        for row in model.dependencies.select_related("depends_on")
    ]
    ties += [
        (row.model, "takes the answer of this one", row.note)
        for row in model.dependents.select_related("model")
    ]
    rows = [
        (UNSEEN.capitalize(), how, "") if near.pk in hidden else (near.name, how, note)
        for near, how, note in ties
    ]
    yield Block(
        "table",
        "Other models",
        source="Inventory",
        href=reverse("lineage:lineage", args=["model", model.slug]),
        headers=("Model", "How", "Note"),
        rows=tuple(rows),
        note="" if rows else "It neither takes answers of other registered models nor gives them any.",
    )


def software(given: Given) -> Iterator[Block]:
    """What it needs to run, as registered."""
    row = given.version
    shown = row.requirements[:MOST_ROWS]
    more = len(row.requirements) - len(shown)
    yield Block(
        "facts",
        "Software",
        source="Registry",
        href=reverse("registry:files", args=given.names),
        facts=(
            Fact("Python", row.python_version),
            Fact("Packages", ", ".join(shown) + (f" and {more} more" if more > 0 else "")),
            Fact("Code", " at ".join(filter(None, (row.code_repository, row.code_commit)))),
            Fact("Product that governs it", f"Countersign {settings.VERSION}"),
        ),
    )


def supply(given: Given) -> Iterator[Block]:
    """As what it is handed over, and where it runs."""
    row = given.version
    runs = [f"{one.get_environment_display()}, {one.way.lower()}" for one in given.record.deployments]
    yield Block(
        "facts",
        "Form and deployment",
        source="Registry and deployments",
        href=reverse("registry:files", args=given.names),
        facts=(
            Fact("Format", row.artifact_format or "predictions only: the files are not held here"),
            Fact("Files", f"{row.file_count:,}, {row.size:,} bytes in all"),
            Fact("Came in by", row.get_source_display()),
            Fact("Runs now", "; ".join(runs) or "nowhere, as far as pipelines said"),
        ),
    )


def development(given: Given) -> Iterator[Block]:
    """Methods, steps and third-party parts."""
    row = given.version
    settings_of_training = {**row.hyperparameters} or {**row.parameters}
    yield Block(
        "facts",
        "Training",
        source="Registry",
        href=reverse("portfolio:version", args=given.names),
        facts=(
            Fact("Trained on", str(row.trained_on or "")),
            Fact("Training run", row.run_id),
            Fact("Code", " at ".join(filter(None, (row.code_repository, row.code_commit)))),
            Fact("Random seed", "" if row.random_seed is None else str(row.random_seed)),
            Fact("Settings", _settings(settings_of_training)),
            Fact("Origin", given.model.get_origin_display()),
            Fact("Third party", given.model.supplier or "none named in the inventory"),
        ),
    )


def design(given: Given) -> Iterator[Block]:
    """Inputs and outputs as the signature says them."""
    signature = given.version.signature
    rows = [
        ("Input" if side == "inputs" else "Output", str(one.get("name", "")), str(one.get("type", "")))
        for side in ("inputs", "outputs")
        for one in signature.get(side, [])
    ]
    yield Block(
        "table",
        SIGNATURE,
        source="Signature of the version",
        href=reverse("portfolio:version", args=given.names),
        headers=("Side", "Name", "Type"),
        rows=tuple(rows[:MOST_ROWS]),
        note=_left_out(rows, "columns") if rows else "The version was registered without a signature.",
    )


def inputs(given: Given) -> Iterator[Block]:
    """What the rows must look like: the signature, and the rules of the data it is measured on."""
    yield from design(given)
    rows = [
        (str(row), f"{len(row.schema.get('columns', []))} rules" if row.schema else "no rules")
        for row in given.datasets
    ]
    yield Block(
        "table",
        "Rules that data sets are held to",
        source="Data sets",
        headers=("Data set", "Schema"),
        rows=tuple(rows),
    )


def data(given: Given) -> Iterator[Block]:
    """Every data set with its figures."""
    yield Block(
        "table",
        "Data sets",
        source="Registry",
        href=reverse("lineage:lineage", args=["version", "/".join(given.names)]),
        headers=(
            "Data set",
            "Role",
            "Rows",
            "Columns",
            "Missing",
            "Label",
            "Groups by",
            "Legal basis",
            "Digest",
        ),
        rows=tuple(_dataset(row, given) for row in given.datasets),
        note="Missing: cells without a value, as a part of all cells, where the data set has a profile.",
    )


def _dataset(row: Dataset, given: Given) -> tuple[str, ...]:
    role = "training" if row.pk == given.version.trained_on_id else row.get_role_display().lower()
    label = f"{row.label} = {row.positive}" if row.label and row.positive else row.label
    return (
        *(str(row), role, f"{row.rows:,}", f"{len(row.columns):,}", _missing(row)),
        *(label or "–", ", ".join(row.sensitive) or "–", row.legal_basis or "not stated", row.digest[:19]),
    )


def _missing(row: Dataset) -> str:
    columns = row.profile.get("columns", [])
    cells = row.rows * len(columns)
    return f"{sum(one.get('missing', 0) for one in columns) / cells:.1%}" if cells else "–"


def changes(given: Given) -> Iterator[Block]:
    """Versions and where they ran."""
    rows = [
        (
            f"{one.registered_at:%Y-%m-%d}",
            f"Version {one.version}" + (" (this one)" if one.pk == given.version.pk else ""),
            one.artifact_digest[:19],
        )
        for one in given.record.versions
    ]
    yield Block(
        "table",
        "Versions",
        source="Registry",
        href=reverse("portfolio:model", args=[given.model.slug]),
        headers=("Registered", "What", "Artifact"),
        rows=tuple(rows[:MOST_ROWS]),
        note=_left_out(rows, "versions"),
    )
    mended = [row for row in given.record.findings if row.ended_at is not None]
    yield Block(
        "table",
        "Findings that ended",
        source="Findings",
        href=f"{reverse('riskreview:findings')}?q={given.model.slug}",
        headers=("Ended", "Finding", "How"),
        rows=tuple(
            (f"{row.ended_at:%Y-%m-%d}", str(row), row.get_state_display()) for row in mended[:MOST_ROWS]
        ),
        note=_left_out(mended, "findings") if mended else "None has ended.",
    )


def _settings(told: dict[str, object]) -> str:
    pairs = [f"{name} {value}" for name, value in sorted(told.items())]
    more = f" and {len(pairs) - MOST_ROWS} more" if len(pairs) > MOST_ROWS else ""
    return ", ".join(pairs[:MOST_ROWS]) + more


def _left_out(rows: Sequence[object], noun: str) -> str:
    more = len(rows) - MOST_ROWS
    return f"{more:,} more {noun} are in the registry." if more > 0 else ""
