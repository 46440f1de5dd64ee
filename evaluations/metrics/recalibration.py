"""Logistic recalibration: which straight line on the log-odds scale would make probabilities right."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluations.metrics.closed_form import Z
from evaluations.metrics.number_histogram import NumberHistogram
from evaluations.metrics.values import Bools, Estimate, Floats

STEPS, TOLERANCE, CLIP = 50, 1e-10, 1e-12
STEEPEST = 1 / (6 * 3**0.5)
"""The largest second derivative of the logistic function."""
LARGEST = 50.0
"""A slope beyond this means that a score separates the outcomes: there is no finite best line."""


@dataclass(frozen=True, slots=True)
class Line:
    """Intercept and slope with their intervals; None where no finite line fits best."""

    intercept: Estimate
    slope: Estimate


def recalibrated(actual: Bools, probability: Floats, weights: Floats | None = None) -> Line:
    """Fit outcome ~ logit⁻¹(intercept + slope × logit(probability)) by maximum likelihood. Cox (1958),
    Biometrika 45, 562-565.

    Newton's method; Wald intervals from the information matrix, of weighted rows from the sandwich of White (1982).
    Probabilities are kept 1e-12 away from 0 and 1, whose log-odds are infinite.
    """
    n = len(actual)
    none = Line(Estimate(None, None, None, n), Estimate(None, None, None, n))
    odds = odds_of(probability)
    if actual.all() or not actual.any() or np.ptp(odds) < 1e-9:
        return none
    weight = np.ones(n) if weights is None else weights
    design = np.column_stack([np.ones(n), odds])
    found = _newton(design, actual.astype(np.float64), weight)
    if found is None:
        return none
    fitted = logistic(design @ found)
    covariance = np.linalg.inv(_information(design, fitted, weight))
    if weights is not None:
        pulls = design * (weight * (actual - fitted))[:, None]
        covariance = covariance @ (pulls.T @ pulls) @ covariance
    return _line(found, covariance, n)


def recalibrated_counted(negative: NumberHistogram, positive: NumberHistogram) -> tuple[Line, float | None]:
    """The same out of histograms of the log-odds of both outcomes, and how far off both numbers are at most.

    Every row stands at its bucket's mean, so its outcome's pull is exact and that of its probability off by no more
    than half the largest second derivative times the spread within the bucket (at most (m - a)(b - m) a row of mean m
    within [a, b]). The log-likelihood is self-concordant (Bach 2010, Electron. J. Stat. 4, 384-414), so while that
    moves the line by less than one over the largest log-odds, it moves it by at most e times the pull over the least
    curvature.
    """
    n = negative.n + positive.n
    none = Line(Estimate(None, None, None, n), Estimate(None, None, None, n))
    if not negative.n or not positive.n:
        return none, None
    odds = np.concatenate([negative.means, positive.means])
    if np.ptp(odds) < 1e-9:
        return none, None
    weight = np.concatenate([negative.rows, positive.rows]).astype(np.float64)
    outcome = np.repeat([0.0, 1.0], [len(negative.rows), len(positive.rows)])
    design = np.column_stack([np.ones(len(odds)), odds])
    found = _newton(design, outcome, weight)
    if found is None:
        return none, None
    information = _information(design, logistic(design @ found), weight)
    spread = np.concatenate([(s.means - s.least) * (s.most - s.means) * s.rows for s in (negative, positive)])
    slope, largest = abs(float(found[1])), float(np.abs(odds).max())
    bend = STEEPEST * slope**2
    pull = 0.5 * np.array([bend * spread.sum(), (slope / 2 + bend * np.abs(odds)) @ spread])
    off = float(np.e * np.linalg.norm(pull) / np.linalg.eigvalsh(information)[0])
    return _line(found, np.linalg.inv(information), n), off if off * largest < 1 else None


def _line(found: Floats, covariance: NDArray[Any], n: int) -> Line:
    half = Z * np.sqrt(np.diag(covariance))
    intercept, slope = (
        Estimate(float(value), float(value - wide), float(value + wide), n)
        for value, wide in zip(found, half, strict=True)
    )
    return Line(intercept, slope)


def _newton(design: Floats, outcome: Floats, weight: Floats) -> Floats | None:
    """The maximum, or None where the likelihood grows without end."""
    found: Floats = np.array([0.0, 1.0])
    best = _likelihood(design, outcome, weight, found)
    for _ in range(STEPS):
        fitted = logistic(design @ found)
        try:
            step = np.linalg.solve(
                _information(design, fitted, weight), design.T @ (weight * (outcome - fitted))
            )
        except np.linalg.LinAlgError:
            return None
        size = 1.0
        while (
            new := _likelihood(design, outcome, weight, found + size * step)
        ) < best - 1e-9 and size > 1e-6:
            size /= 2
        found, best = found + size * step, new
        if abs(found[1]) > LARGEST:
            return None
        if np.abs(step).max() < TOLERANCE:
            return found
    return None


def odds_of(probability: Floats) -> Floats:
    """Log-odds, of probabilities kept 1e-12 away from 0 and 1."""
    clipped = np.clip(probability, CLIP, 1 - CLIP)
    found: Floats = np.log(clipped) - np.log1p(-clipped)
    return found


def logistic(value: Floats) -> Floats:
    """The probability that has these log-odds."""
    found: Floats = 0.5 * (1 + np.tanh(value / 2))
    return found


def _likelihood(design: Floats, outcome: Floats, weight: Floats, line: Floats) -> float:
    value = design @ line
    return float(weight @ (outcome * value - np.logaddexp(0, value)))


def _information(design: Floats, fitted: Floats, weight: Floats) -> Floats:
    found: Floats = design.T @ (design * (weight * fitted * (1 - fitted))[:, None])
    return found
