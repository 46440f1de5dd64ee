"""What a table's columns mean, checked against what they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accounts.refusals import Invalid
from registry.models import Classification, DatasetRole
from registry.rows import rows_in_words
from registry.tables import MOST_VALUES, Table

MOST_GROUPS = 50  # a group of a fairness evaluation must have people in it
FEWEST_QUANTITIES = 11  # numbers with so many different values are compared in bands


@dataclass(frozen=True)
class Meaning:
    """Which column is what; "" where there is none."""

    role: str
    label: str = ""
    positive: str = ""
    prediction: str = ""
    score: str = ""
    sensitive: Sequence[str] = field(default_factory=tuple)
    reference_groups: Mapping[str, str] = field(default_factory=dict)
    classification: str = Classification.INTERNAL
    confidential: Sequence[str] = field(default_factory=tuple)

    @property
    def watched(self) -> tuple[str, ...]:
        """The columns whose values matter."""
        named = (self.label, self.prediction, self.score, *self.sensitive)
        return tuple(dict.fromkeys(column for column in named if column))

    @property
    def columns(self) -> dict[str, str]:
        """Each column named, with the field that names it first."""
        places = {"label": [self.label], "prediction": [self.prediction], "score": [self.score]}
        places |= {"sensitive": list(self.sensitive), "confidential": list(self.confidential)}
        named: dict[str, str] = {}
        for field_name, columns in places.items():
            for column in columns:
                if column:
                    named.setdefault(column, field_name)
        return named


def refuse_nonsense(meaning: Meaning, table: Table) -> None:
    """Raises Invalid with the field when a column does not hold what it is said to mean."""
    _refuse_double_use(meaning)
    _refuse_bad_references(meaning, table)
    _refuse_bad_label(meaning, table)
    if meaning.score and table.type_of(meaning.score) not in {"integer", "number"}:
        raise Invalid(f"The score column {meaning.score} does not hold numbers.", field="score")
    for name in meaning.sensitive:
        groups = len(table.watched[name].values)
        if groups > MOST_GROUPS and table.type_of(name) == "text":
            raise Invalid(
                f"The sensitive column {name} has more than {MOST_GROUPS} different texts.",
                "Name a column that puts people into groups.",
                field="sensitive",
            )


def refuse_bad_classification(meaning: Meaning) -> None:
    """Raises Invalid for an unknown classification and for secrets in public."""
    if meaning.classification not in Classification.values:
        raise Invalid(
            f"{meaning.classification or 'Nothing'} is not a classification.",
            f"Choose {', '.join(Classification.values)}.",
            field="classification",
        )
    if meaning.confidential and meaning.classification == Classification.PUBLIC:
        raise Invalid(
            "A public data set cannot have confidential columns.",
            "Classify it as internal or higher, or mark no column.",
            field="classification",
        )


def _refuse_bad_references(meaning: Meaning, table: Table) -> None:
    for column, group in meaning.reference_groups.items():
        if column not in meaning.sensitive:
            raise Invalid(
                f"The reference group {group} is of {column}, which is no sensitive column.",
                "Name the column as sensitive too, or leave its reference group out.",
                field="reference_groups",
            )
        values = table.watched[column].values
        banded = table.type_of(column) in {"integer", "number"} and len(values) >= FEWEST_QUANTITIES
        if group not in values and not banded:
            there = ", ".join(value for value, _ in values.most_common(10))
            raise Invalid(
                f"The column {column} never says {group}; it says {there}.",
                "Name a group that has rows.",
                field="reference_groups",
            )


def _refuse_double_use(meaning: Meaning) -> None:
    for where in ("prediction", "score"):
        if meaning.label and getattr(meaning, where) == meaning.label:
            raise Invalid(f"The column {meaning.label} cannot be the label and the {where}.", field=where)
    if meaning.label and meaning.label in meaning.sensitive:
        raise Invalid(f"The column {meaning.label} cannot be the label and sensitive.", field="sensitive")


def _refuse_bad_label(meaning: Meaning, table: Table) -> None:
    if not meaning.label:
        if meaning.positive:
            raise Invalid("A positive value needs a label column.", "Name the label column.", field="label")
        if meaning.role != DatasetRole.PRODUCTION_SAMPLE:
            raise Invalid(
                "No label column is named.",
                "Only a production sample may come without labels.",
                field="label",
            )
        return
    label = table.watched[meaning.label]
    if label.empty and meaning.role != DatasetRole.PRODUCTION_SAMPLE:
        verb = "has" if label.empty == 1 else "have"
        raise Invalid(
            f"{rows_in_words(label.empty_rows, label.empty)} {verb} no {meaning.label}.",
            "Remove rows without a label.",
            field="label",
        )
    if meaning.positive and meaning.positive not in label.values and len(label.values) < MOST_VALUES:
        there = ", ".join(value for value, _ in label.values.most_common(10))
        raise Invalid(
            f"The column {meaning.label} never says {meaning.positive}; it says {there}.", field="positive"
        )
