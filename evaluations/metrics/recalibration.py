"""Logistic recalibration: which straight line on the log-odds scale would make probabilities right."""

from dataclasses import dataclass

import numpy as np

from evaluations.metrics.intervals import Z
from evaluations.metrics.values import Bools, Estimate, Floats

STEPS, TOLERANCE, CLIP = 50, 1e-10, 1e-12
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
    clipped = np.clip(probability, CLIP, 1 - CLIP)
    odds = np.log(clipped) - np.log1p(-clipped)
    if actual.all() or not actual.any() or np.ptp(odds) < 1e-9:
        return none
    weight = np.ones(n) if weights is None else weights
    design = np.column_stack([np.ones(n), odds])
    found = _newton(design, actual.astype(np.float64), weight)
    if found is None:
        return none
    fitted = _logistic(design @ found)
    information = _information(design, fitted, weight)
    covariance = np.linalg.inv(information)
    if weights is not None:
        pulls = design * (weight * (actual - fitted))[:, None]
        covariance = covariance @ (pulls.T @ pulls) @ covariance
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
        fitted = _logistic(design @ found)
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


def _logistic(value: Floats) -> Floats:
    found: Floats = 0.5 * (1 + np.tanh(value / 2))
    return found


def _likelihood(design: Floats, outcome: Floats, weight: Floats, line: Floats) -> float:
    value = design @ line
    return float(weight @ (outcome * value - np.logaddexp(0, value)))


def _information(design: Floats, fitted: Floats, weight: Floats) -> Floats:
    found: Floats = design.T @ (design * (weight * fitted * (1 - fitted))[:, None])
    return found
