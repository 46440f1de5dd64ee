"""How far each column, the score and the label have moved from the reference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from evaluations.metrics.drift import bins, counts, samples
from evaluations.metrics.values import Column, Estimate, Floats, Ints, Table, Texts

Kind = Literal["number", "category"]
IDENTIFIER_SHARE, IDENTIFIER_LEAST = 0.5, 100
"""A text column in which more than half of at least a hundred values differ names rows; it has no distribution."""
SECONDS_A_DAY = 86_400
SHOWN_BINS = 8


@dataclass(frozen=True, slots=True)
class Shift:
    """One column there (reference) and here. `unseen` is the share of values here that the reference lacks."""

    name: str
    kind: Kind
    bins: Sequence[str]
    reference: Ints
    current: Ints
    psi: Estimate
    chance: float | None
    ks: float | None
    cramers_v: float | None
    js: float | None
    kl: float | None
    wasserstein: float | None  # in standard deviations of the reference
    p: float | None
    p_adjusted: float | None = None
    unseen: float | None = None


def kind_of(column: "pd.Series[Any]") -> Kind:
    """Numbers and dates are numbers; text, booleans and all else are categories."""
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        return "category"
    return "number" if _is_date(column) or pd.api.types.is_numeric_dtype(kind) else "category"


def is_identifier(column: "pd.Series[Any]") -> bool:
    """Text that is different in most rows."""
    known = column.dropna()
    return (
        kind_of(column) == "category"
        and len(known) >= IDENTIFIER_LEAST
        and int(known.astype(object).map(str).nunique()) > IDENTIFIER_SHARE * len(known)
    )


def shift_of(reference: "pd.Series[Any]", current: "pd.Series[Any]", *, seed: int) -> Shift:
    """Compare one column of both data sets; they must be of one kind."""
    name, kind = str(reference.name), kind_of(reference)
    if kind == "number":
        return number_shift(name, floats_of(reference), floats_of(current), seed=seed)
    return category_shift(name, reference.to_numpy(dtype=object), current.to_numpy(dtype=object), seed=seed)


def number_shift(name: str, reference: Floats, current: Floats, *, seed: int) -> Shift:
    """Numbers of both sides; NaN is missing, infinite ones are left out of KS and Wasserstein."""
    binned = bins.number_bins(reference)
    there, here = reference[np.isfinite(reference)], current[np.isfinite(current)]
    ks = samples.kolmogorov_smirnov(there, here)
    spread = float(there.std()) if len(there) else 0.0
    area = samples.wasserstein(there, here)
    found = of_bins(name, "number", binned, binned.counts(reference), binned.counts(current), seed=seed)
    return replace(
        found,
        ks=ks and ks[0],
        p=ks and ks[1],
        wasserstein=None if area is None or spread == 0 else area / spread,
    )


def category_shift(name: str, reference: Texts, current: Texts, *, seed: int) -> Shift:
    """Categories of both sides."""
    binned = bins.category_bins(reference)
    return of_categories(name, binned, binned.counts(reference), binned.counts(current), seed=seed)


def of_categories(name: str, binned: bins.CategoryBins, there: Ints, here: Ints, *, seed: int) -> Shift:
    """Categories that are counted already."""
    found = of_bins(name, "category", binned, there, here, seed=seed)
    tested = counts.chi_square(there, here)
    return replace(
        found,
        cramers_v=None if tested is None else tested[3],
        p=None if tested is None else tested[2],
        unseen=float(here[-2] / here.sum()) if here.sum() else None,
    )


def of_bins(name: str, kind: Kind, binned: bins.Bins, there: Ints, here: Ints, *, seed: int) -> Shift:
    """What follows from rows in bins alone."""
    both = bool(there.sum() and here.sum())
    return Shift(
        name=name,
        kind=kind,
        bins=binned.names,
        reference=there,
        current=here,
        psi=counts.psi_estimate(there, here, seed=seed),
        chance=counts.psi_by_chance(there, here),
        ks=None,
        cramers_v=None,
        js=float(counts.jensen_shannon(there, here)) if both else None,
        kl=float(counts.kullback_leibler(here, there)) if both else None,
        wasserstein=None,
        p=None,
    )


def adjusted(found: Sequence[Shift]) -> list[Shift]:
    """P values corrected for their number, the largest PSI first."""
    corrected = samples.holm([shift.p for shift in found])
    both = [replace(shift, p_adjusted=p) for shift, p in zip(found, corrected, strict=True)]
    return sorted(both, key=lambda shift: (-(shift.psi.value or 0.0), shift.name))


def floats_of(column: "pd.Series[Any]") -> Floats:
    """Numbers as floats; dates as days since 1970; NaN for what is missing."""
    if _is_date(column):
        stamps = pd.to_datetime(column, utc=True).to_numpy(dtype="datetime64[s]")
        days: Floats = stamps.astype(np.float64) / SECONDS_A_DAY
        return np.where(np.isnat(stamps), np.nan, days)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _is_date(column: "pd.Series[Any]") -> bool:
    return pd.api.types.is_datetime64_any_dtype(column.dtype)


def table_of(found: Sequence[Shift], title: str) -> Table:
    """Every column's figures: sizes of the shift first, p value last."""
    note = (
        "Largest first. By chance: the PSI that two samples of these sizes from one distribution exceed in one of "
        "twenty cases. KS is for numbers, Cramér's V for categories; Wasserstein is in standard deviations of the "
        "reference. With many rows every p value is small: judge by the size of the shift."
    )
    columns = (
        Column("Column"),
        Column("PSI", "number"),
        Column("95% interval", "interval"),
        Column("By chance", "number"),
        Column("KS", "number"),
        Column("Cramér's V", "number"),
        Column("JS distance", "number"),
        Column("KL", "number"),
        Column("Wasserstein", "number"),
        Column("Not in the reference", "share"),
        Column("p, Holm", "p"),
    )
    rows = [
        (
            s.name,
            s.psi.value,
            None if s.psi.low is None else (s.psi.low, s.psi.high),
            s.chance,
            s.ks,
            s.cramers_v,
            s.js,
            s.kl,
            s.wasserstein,
            s.unseen,
            s.p_adjusted,
        )
        for s in found
    ]
    return Table("shifts", title, note, columns, rows)


def drawn(shift: Shift) -> dict[str, object]:
    """What a chart needs: shares by bin, the smaller categories added up."""
    names, there, here = list(shift.bins), counts.shares(shift.reference), counts.shares(shift.current)
    used = [place for place in range(len(names)) if shift.reference[place] or shift.current[place]]
    if shift.kind == "category" and len(used) > SHOWN_BINS:
        used = sorted(used, key=lambda place: -max(there[place], here[place]))[:SHOWN_BINS]
    rest = [place for place in range(len(names)) if place not in used]
    parts = [(names[place], there[place], here[place]) for place in used]
    if rest and (there[rest].sum() > 0 or here[rest].sum() > 0):
        parts.append(("all others", there[rest].sum(), here[rest].sum()))
    return {
        "name": shift.name,
        "kind": shift.kind,
        "psi": shift.psi.value,
        "bins": [{"name": name, "reference": a, "current": b} for name, a, b in parts],
    }
