"""What each kind of evaluation needs, and the settings that it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings as django_settings

from accounts.refusals import Invalid
from evaluations.plugins import BadPlugin, installed

BINARY, MULTICLASS, REGRESSION = "binary_classification", "multiclass_classification", "regression"
MULTILABEL, RANKING, FORECASTING = "multilabel_classification", "ranking", "forecasting"
PREDICTORS = (BINARY, MULTICLASS, REGRESSION)
PERFORMERS = (*PREDICTORS, MULTILABEL, RANKING, FORECASTING)
EVERY_KIND = (*PERFORMERS, "clustering", "generative", "rule_set", "not_a_model")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a run: its type (int, float, str, bool, list or dict), its range, what it does."""

    kind: type
    help: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    default: Any = None  # what is in force when a run says nothing; None: nothing is

    def refuse(self, name: str, value: Any) -> None:
        """Raise Invalid unless the value will do."""
        if isinstance(value, bool) != (self.kind is bool) or not isinstance(value, self._accepted()):
            raise Invalid(f"The setting {name} must be {WORDS[self.kind]}.", field="config")
        if self.choices and value not in self.choices:
            raise Invalid(f"The setting {name} is one of {', '.join(self.choices)}.", field="config")
        size = float(value) if isinstance(value, int | float) else 0.0
        if self.least is not None and size < self.least:
            raise Invalid(f"The setting {name} is at least {self.least:g}.", field="config")
        if self.most is not None and size > self.most:
            raise Invalid(f"The setting {name} is at most {self.most:g}.", field="config")

    def _accepted(self) -> tuple[type, ...]:
        return (int, float) if self.kind is float else (self.kind,)


WORDS = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}
SEED = {"seed": Setting(int, "Where the random numbers begin.", 0, 2**32 - 1, default=20261121)}
SEED_DEFAULT = {"seed": SEED["seed"].default}
THRESHOLD = {"threshold": Setting(float, "The score from which a row is selected.")}
MIN_N = {"min_n": Setting(int, "The fewest rows of a group that is judged.", 1)}
MAX_ROWS = {"max_rows": Setting(int, "The most rows that are looked at.", 1)}
RECORD = {
    "row": Setting(int, "The number of a row of the data set, counted from 0.", 0),
    "values": Setting(dict, "Features given by hand, instead of the row's or of every feature."),
    "unfavourable": Setting(
        str, "Which side of the output is to the person's disadvantage.", choices=("high", "low")
    ),
    "wording": Setting(dict, "For a feature, the sentence that a person is given as a reason."),
}
PRIVACY = {
    "quasi_identifiers": Setting(list, "The columns that others may know about a person."),
    "confidential": Setting(list, "The columns that nobody should learn about a person; else the label."),
    "least_k": Setting(int, "The fewest people who must share what others may know.", 1),
}
DATA_LIMITS = {
    "most_missing": Setting(float, "The largest share of a column that may be missing.", 0, 1),
    "most_duplicates": Setting(float, "The largest share of rows that may stand twice.", 0, 1),
    "most_overlap": Setting(float, "The largest share of rows that the reference may hold too.", 0, 1),
    "leak_from": Setting(float, "From this AUC or R² on, a single column is a leak.", 0, 1),
    "proxy_from": Setting(float, "From this AUC on, the other columns stand for a sensitive one.", 0, 1),
    "least_minority": Setting(float, "The smallest share that the rarest label may have.", 0, 1),
}

WEIGHT = {"weight": Setting(str, "The column that says how much each row counts.")}
OF_PERFORMANCE = {
    "beta": Setting(float, "How many times as much recall counts as precision, in F-beta.", 0.01, 100),
    "quantile": Setting(float, "The quantile that a regression or forecast predicts.", 0.001, 0.999),
    "labels": Setting(list, "Multilabel: the columns that hold the labels, each 0 or 1."),
    "predictions": Setting(list, "Multilabel without a model: a column of predictions for each label."),
    "query": Setting(str, "Ranking: the column that says which items belong to one query."),
    "top": Setting(int, "Ranking: how many of the first places count.", 1, 1000),
    "time": Setting(str, "Forecasting: the column that holds the time."),
    "series": Setting(str, "Forecasting: the column that names the series, where there are several."),
    "season": Setting(int, "Forecasting: how many steps a season has.", 1, 100_000),
}
OF_CALIBRATION = {
    "bins": Setting(int, "How many bins of the probability.", 2, 100),
    "binning": Setting(str, "Bins of equal width, or of equally many rows.", choices=("width", "rows")),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a kind of evaluation asks of version and data set."""

    model_kinds: tuple[str, ...] = PREDICTORS
    label: bool = True  # the data set must hold the truth
    sensitive: bool = False  # the data set must name sensitive columns
    model: bool = False  # the model itself must be there, not only its predictions
    reference: bool = False  # a second data set is compared with, and must be there
    may_reference: bool = False  # a second data set is compared with where there is one
    against: bool = False  # another version of the model is compared with where there is one
    evidence: bool = True  # what it finds counts for the gate; else it is for people only
    settings: Mapping[str, Setting] = field(default_factory=lambda: SEED)


# A kind that is not here cannot be asked for.
RULES: Mapping[str, Rules] = {
    "performance": Rules(
        model_kinds=PERFORMERS,
        against=True,
        settings={**SEED, **THRESHOLD, **MAX_ROWS, **MIN_N, **WEIGHT, **OF_PERFORMANCE},
    ),
    "calibration": Rules(
        model_kinds=(BINARY, MULTICLASS),
        settings={**SEED, **MAX_ROWS, **MIN_N, **WEIGHT, **OF_CALIBRATION},
    ),
    "fairness": Rules(
        model_kinds=(BINARY, MULTICLASS, REGRESSION),
        sensitive=True,
        settings={**SEED, **THRESHOLD, **MIN_N, **MAX_ROWS},
    ),
    "data_quality": Rules(
        model_kinds=EVERY_KIND, label=False, may_reference=True, settings={**SEED, **MAX_ROWS, **DATA_LIMITS}
    ),
    "privacy": Rules(
        model_kinds=EVERY_KIND,
        label=False,
        may_reference=True,
        settings={**SEED, **MIN_N, **MAX_ROWS, **PRIVACY},
    ),
    "custom": Rules(
        model_kinds=EVERY_KIND,
        label=False,
        settings={
            **SEED,
            "plugin": Setting(str, "The name of an installed plug-in."),
            "settings": Setting(dict, "The plug-in's own settings."),
        },
    ),
    "security": Rules(model_kinds=EVERY_KIND, label=False, model=True, settings={}),
    "explainability": Rules(
        model_kinds=(*PREDICTORS, RANKING, FORECASTING),
        model=True,
        settings={**SEED, **MAX_ROWS, **MIN_N, **THRESHOLD},
    ),
    "local_explanation": Rules(model=True, evidence=False, settings={**SEED, **THRESHOLD, **RECORD}),
    "robustness": Rules(
        model=True,
        settings={
            **SEED,
            **THRESHOLD,
            **MAX_ROWS,
            "noise": Setting(list, "Sizes of the noise, as parts of each column's standard deviation."),
            "monotone": Setting(dict, "Columns with which the output must be increasing or decreasing."),
            "invariant": Setting(list, "Columns that must not matter; usually the sensitive ones."),
            "scenarios": Setting(list, "Stress scenarios: mappings with a name and set, add or multiply."),
            "adversarial_bound": Setting(
                float, "How far the search may move a number, in standard deviations.", 0.001, 10
            ),
        },
    ),
    "stability": Rules(
        reference=True,
        against=True,
        settings={
            **SEED,
            **THRESHOLD,
            **MAX_ROWS,
            "time": Setting(str, "The column of time, for performance period by period."),
            "psi_limit": Setting(float, "The PSI from which a shift is a failed check; custom says 0.25.", 0),
        },
    ),
}
FOR_PEOPLE = tuple(kind for kind, rules in RULES.items() if not rules.evidence)
"""Kinds whose runs are no evidence: no digest, requirement or page of what was measured takes them up."""


def checked_settings(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run; unknown ones are refused rather than ignored."""
    known = RULES[kind].settings
    for name, value in given.items():
        if name not in known:
            raise Invalid(
                f"There is no setting {name}.", f"The settings are {', '.join(known)}.", field="config"
            )
        known[name].refuse(name, value)
    if kind == "custom":
        _refuse_bad_plugin(given)
    return dict(given)


def _refuse_bad_plugin(given: Mapping[str, Any]) -> None:
    """The plug-in must be there and know its settings; its code is not imported here."""
    try:
        plugins = installed(django_settings.PLUGINS_DIR)
    except BadPlugin as bad:
        raise Invalid(str(bad), "Mend or remove it.", field="config") from bad
    plugin = plugins.get(given.get("plugin", ""))
    if plugin is None:
        names = ", ".join(sorted(plugins)) or "none"
        raise Invalid("The setting plugin names no plug-in.", f"Installed are {names}.", field="config")
    if wrong := plugin.wrong_settings(given.get("settings", {})):
        raise Invalid(wrong, field="config")


def given_settings(kind: str, given: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What a run was told, each with its default."""
    known = RULES[kind].settings if kind in RULES else SEED
    return {name: (value, known[name].default if name in known else None) for name, value in given.items()}


def settings_in_force(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a run was told, and the defaults of the rest."""
    known = RULES[kind].settings if kind in RULES else SEED
    defaults = {name: setting.default for name, setting in known.items() if setting.default is not None}
    return {**SEED_DEFAULT, **defaults, **given}
