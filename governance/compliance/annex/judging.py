"""What was measured and judged: evaluations, groups, risks, oversight, standards, statements, monitoring."""

from collections.abc import Iterator, Mapping

from django.urls import reverse

from evaluations.presenting import interval, number
from governance.compliance.annex.document import Block, Fact
from governance.compliance.annex.given import Given
from policy.metrics import METRICS
from registry.models import DatasetRole
from riskreview.models import FindingOrigin, SignOff

MOST_GROUPS = 40
GROUP_FIGURES = {
    "selection_rate": "Selection rate",
    "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate",
    "accuracy": "Accuracy",
}


def measured(given: Given) -> Iterator[Block]:
    """The leading figures of the newest run of each kind on each data set."""
    newest: dict[tuple[str, str], int] = {}
    rows = []
    for one in given.measures.found:
        metric = METRICS.get(one.name)
        if newest.setdefault((one.kind, one.on), one.run) != one.run or metric is None or not metric.headline:
            continue
        n, said = f"{one.n:,}" if one.n else "–", one.said
        if metric.whole and one.value is not None:
            said = f"{one.value:,.0f}"
        rows.append((one.kind_label, one.label, said or "not computed", n, one.on, f"Run {one.run}"))
    yield Block(
        "table",
        "Test results",
        source="Evaluations",
        href=reverse("evaluations:version_runs", args=given.names),
        headers=("Kind", "Figure", "Value and 95% interval", "n", "Data set", "Run"),
        rows=tuple(rows),
        note="The leading figures of each newest run that was measured here; what makers reported is left out.",
    )


def validated(given: Given) -> Iterator[Block]:
    """Who signed, when, on which evidence."""
    yield _signed(given, "Signed decisions", given.record.signoffs)


def groups(given: Given) -> Iterator[Block]:
    """Figures for each group of people that was measured."""
    run = given.by_group
    if run is None:
        return
    found = [row for row in (run.result or {}).get("groups", []) if len(row["by"]) == 1]
    names = [name for name in GROUP_FIGURES if any(name in row["metrics"] for row in found)]
    rows = []
    for row in found[:MOST_GROUPS]:
        (column, value), few = next(iter(row["by"].items())), " (too few to judge)" if row["too_few"] else ""
        cells = [_figure(row["metrics"].get(name, {})) for name in names]
        rows.append((f"{column}: {value}{few}", f"{row['n']:,}", *cells))
    yield Block(
        "table",
        "By group",
        source=f"Run {run.pk} on {run.dataset}",
        href=reverse("evaluations:run", args=[run.pk]),
        headers=("Group", "n", *(GROUP_FIGURES[name] for name in names)),
        rows=tuple(rows),
        note="With 95% intervals. Combinations of groups stand on the page of the run.",
    )


def _figure(found: Mapping[str, float | None]) -> str:
    low, high = found.get("low"), found.get("high")
    bounds = f" ({interval((low, high))})" if low is not None and high is not None else ""
    return f"{number(found.get('value'))}{bounds}"


def integrity(given: Given) -> Iterator[Block]:
    """How the artifact is kept from being changed."""
    version = given.version
    yield Block(
        "facts",
        "The artifact",
        source="Registry",
        href=reverse("registry:files", args=given.names),
        facts=(
            Fact("Bound to", f"the digest of every file, {version.artifact_digest}"),
            Fact("Last compared", f"{version.verified_at:%Y-%m-%d}" if version.verified_at else "not yet"),
            Fact("Problem", version.artifact_problem or "none known"),
            Fact("Model signature", "there" if version.signing else "none"),
            Fact("Record", "every event in a tamper-evident log, checkpoints signed"),
        ),
    )


def risks_named(given: Given) -> Iterator[Block]:
    """Which risks are known."""
    rows = [row for row in given.record.risks if not row.is_closed]
    yield Block(
        "table",
        "Risks that were identified",
        source="Risk register",
        href=reverse("riskreview:model_risks", args=[given.model.slug]),
        headers=("Risk", "Category", "What could happen"),
        rows=tuple((str(row), row.category.replace("_", " "), row.description) for row in rows),
    )


def risks(given: Given) -> Iterator[Block]:
    """The register: rating before and after, treatment, controls, owner."""
    rows = [
        (
            str(row),
            _rating(row.inherent),
            _rating(row.residual),
            row.get_treatment_display() or "not decided",
            "; ".join(row.control_list) or "–",
            row.owner.name,
            f"{row.review_on:%Y-%m-%d}",
            row.get_state_display(),
        )
        for row in given.model.risks.select_related("owner").order_by("-pk")
    ]
    yield Block(
        "table",
        "Risk register",
        source="Risk register",
        href=reverse("riskreview:model_risks", args=[given.model.slug]),
        headers=("Risk", "Before", "After", "Treatment", "Controls", "Owner", "Review on", "State"),
        rows=tuple(rows),
        note="Likelihood × impact, each 1 to 5, before and after controls.",
    )


def _rating(found: tuple[int, int] | None) -> str:
    return "not rated" if found is None else f"{found[0]} × {found[1]}"


def tier(given: Given) -> Iterator[Block]:
    """How serious the use is, and who confirmed it."""
    found = given.record.tier
    if found is None:
        return
    yield Block(
        "facts",
        "Tier",
        source="Tier questionnaire",
        href=reverse("riskreview:tier", args=[given.model.slug]),
        facts=(
            Fact("Tier", found.tier),
            Fact("Confirmed", f"{found.confirmed_by.name}, {found.confirmed_at:%Y-%m-%d}"
                 if found.confirmed_by and found.confirmed_at else "by nobody yet"),
            Fact("Why", found.explanation),
        ),
    )  # fmt: skip


def oversight(given: Given) -> Iterator[Block]:
    """Who may stop it here, beside what the card says."""
    yield Block(
        "facts",
        "Stopping it",
        source="Inventory and gate",
        href=reverse("portfolio:model", args=[given.model.slug]),
        facts=(
            Fact("State", given.model.get_lifecycle_display()),
            Fact("Who can take it out of use", "its owner, a risk officer, a compliance officer"),
            Fact("What follows", "the gate denies every deployment of every version at once"),
        ),
    )


def standards(given: Given) -> Iterator[Block]:
    """Frameworks that are followed, with what people concluded of their controls."""
    rows = []
    for name, standings in given.covered.standings.items():
        framework = given.covered.applicable[name].framework
        done = sum(row.state in ("satisfied", "not_applicable") for row in standings)
        rows.append(
            (
                framework.name,
                framework.version,
                framework.state_label,
                f"{done} of {len(standings)} concluded",
            )
        )
    yield Block(
        "table",
        "Frameworks that the model is held to",
        source="Compliance",
        href=reverse("compliance:model", args=[given.model.slug]),
        headers=("Framework", "Version", "Status", "Controls"),
        rows=tuple(rows),
        note="Concluded: somebody found the control satisfied or not applicable. None of these is a harmonised "
        "standard in the sense of Article 40.",
    )


def outside(given: Given) -> Iterator[Block]:
    """Documents that are kept elsewhere."""
    rows = [row for row in given.record.outside if row.kind == "document.external"]
    yield Block(
        "table",
        "Documents kept elsewhere",
        source="Compliance",
        href=reverse("compliance:model", args=[given.model.slug]),
        headers=("Document", "Where", "SHA-256"),
        rows=tuple((row.title, row.place, row.sha256 or "–") for row in rows),
        note="" if rows else "None is named.",
    )


def statements(given: Given) -> Iterator[Block]:
    """What accountable people signed here."""
    rows = [row for row in given.record.signoffs if row.role == "business_approver"]
    yield _signed(given, "Statements signed for the business", rows)


def _signed(given: Given, title: str, rows: tuple[SignOff, ...] | list[SignOff]) -> Block:
    return Block(
        "table",
        title,
        source="Sign-offs",
        href=reverse("riskreview:signoffs", args=given.names),
        headers=("Signed", "Who", "As", "Decision", "Evidence"),
        rows=tuple(
            (
                f"{row.signed_at:%Y-%m-%d}",
                row.signer.name,
                row.role_label,
                row.get_decision_display(),
                row.evidence_digest[:19],
            )
            for row in rows
        ),
        note="" if rows else "Nobody has signed.",
    )


def monitoring(given: Given) -> Iterator[Block]:
    """What is measured again and again, and what was measured on what production saw."""
    rows = [
        (
            ", ".join(row.kinds) or "as the policy plans",
            row.dataset_name
            or (DatasetRole(row.dataset_role).label if row.dataset_role else "as the policy plans"),
            f"every {row.every_days} days",
            f"{row.next_at:%Y-%m-%d}",
        )
        for row in given.schedules
    ]
    yield Block(
        "table",
        "Scheduled measurements",
        source="Schedules",
        href=reverse("evaluations:schedules"),
        headers=("What", "Data", "How often", "Next"),
        rows=tuple(rows),
        note="" if rows else "Nothing is scheduled.",
    )
    seen = [row for row in given.record.runs if row.dataset.role == DatasetRole.PRODUCTION_SAMPLE]
    yield Block(
        "table",
        "Measured on production samples",
        source="Evaluations",
        href=reverse("evaluations:version_runs", args=given.names),
        headers=("Run", "Kind", "Data set", "Finished"),
        rows=tuple(
            (f"Run {row.pk}", row.get_kind_display(), str(row.dataset), f"{row.finished_at:%Y-%m-%d}")
            for row in seen[:MOST_GROUPS]
        ),
        note="" if seen else "None so far.",
    )


def incidents(given: Given) -> Iterator[Block]:
    """Incidents that were raised as findings."""
    rows = [row for row in given.record.findings if row.origin == FindingOrigin.INCIDENT]
    yield Block(
        "table",
        "Incidents",
        source="Findings",
        href=f"{reverse('riskreview:findings')}?q={given.model.slug}",
        headers=("Known since", "Finding", "Led to", "Severity", "State"),
        rows=tuple(
            (
                row.aware_on.isoformat(),
                str(row),
                row.incident_said or "not said",
                row.get_severity_display(),
                row.get_state_display(),
            )
            for row in rows
        ),
        note="" if rows else "None is on record.",
    )
