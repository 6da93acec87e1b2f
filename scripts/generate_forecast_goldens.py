#!/usr/bin/env python3
"""Writes Tests/Fixtures/retrieval/forecast.json: ridge regression, jackknife+ and errors of languages left
out, straight from their definitions.

Needs numpy and scipy; their versions go into the file. Run from anywhere; the same versions write the same
bytes. Nothing here is shared with the program: every regression is solved anew from its normal equations, and
squared errors of rows left out are summed by leaving them out.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy import stats

OUTPUT = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "retrieval" / "forecast.json"
PENALTIES = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3]
QUERIES = 200


def standardize(x):
    means, scales = x.mean(axis=0), x.std(axis=0)
    constant = scales <= 1e-12 * np.maximum(1, np.abs(means))
    scales = np.where(constant, 1, scales)
    return means, scales, np.where(constant, 0, (x - means) / scales)


def ridge(x, y, penalty):
    means, scales, z = standardize(x)
    n, p = z.shape
    weights = np.linalg.solve(z.T @ z / n + penalty * np.eye(p), z.T @ (y - y.mean()) / n)
    return means, scales, weights, y.mean()


def value(fit, row):
    means, scales, weights, intercept = fit
    return intercept + weights @ ((row - means) / scales)


def press(x, y, penalty):
    """Rows left out of the regression on rows standardized once, as PRESS has it: the centre may move."""
    _, _, z = standardize(x)
    n, p = z.shape
    design = np.hstack([np.ones((n, 1)), z])
    shrink = np.diag([0.0] + [n * penalty] * p)
    total = 0.0
    for out in range(n):
        keep = [i for i in range(n) if i != out]
        # The penalty stays that of all n rows.
        beta = np.linalg.solve(
            design[keep].T @ design[keep] + shrink, design[keep].T @ y[keep])
        total += (y[out] - design[out] @ beta) ** 2
    return total


def chosen(x, y):
    errors = [(press(x, y, penalty), -penalty) for penalty in PENALTIES]
    return -min(errors)[1]


def best(x, y):
    return ridge(x, y, chosen(x, y))


def without(x, y, folds, level, rows):
    """Predictions of every row by the regression without its fold, and intervals of `rows`."""
    fits = {}
    for fold in sorted(set(folds)):
        keep = np.array([f != fold for f in folds])
        fits[fold] = best(x[keep], y[keep])
    predictions = np.array([value(fits[f], row) for f, row in zip(folds, x)])
    residuals = np.abs(y - predictions)
    n = len(y)
    alpha = 1 - level
    below = int(np.floor(round(alpha * (n + 1), 9)))
    above = int(np.ceil(round((1 - alpha) * (n + 1), 9)))
    intervals = []
    for row in rows:
        centres = np.array([value(fits[f], row) for f in folds])
        low, high = np.sort(centres - residuals), np.sort(centres + residuals)
        intervals.append([low[below - 1], high[above - 1]] if below >= 1 else None)
    return predictions, intervals


def logit(rate):
    share = (rate * QUERIES + 0.5) / (QUERIES + 1)
    return np.log(share / (1 - share))


def plain(logits):
    return 1 / (1 + np.exp(-np.asarray(logits)))


def rate(logits):
    """Back from the share of n + 1 with half a hit more."""
    return np.clip((plain(logits) * (QUERIES + 1) - 0.5) / QUERIES, 0, 1)


def skill(x, recall, folds):
    y = logit(recall)
    predictions, _ = without(x, y, folds, 0.9, [])
    forecast = rate(predictions)
    means, bounds = np.zeros(len(y)), np.zeros((len(y), 2))
    for fold in sorted(set(folds)):
        keep = np.array([f != fold for f in folds])
        means[~keep] = recall[keep].mean()
        _, intervals = without(
            x[keep], y[keep], [f for f in folds if f != fold], 0.9, x[~keep])
        bounds[~keep] = rate(intervals)
    errors = np.abs(recall - forecast)
    missed = np.maximum(0, np.maximum(bounds[:, 0] - recall, recall - bounds[:, 1]))
    return {
        "error": errors.mean(),
        "errorOfMean": np.abs(recall - means).mean(),
        "within5": (errors <= 0.05).mean(),
        "within10": (errors <= 0.1).mean(),
        "rankCorrelation": stats.spearmanr(recall, forecast).statistic,
        "coverage": (missed == 0).mean(),
        "width": (bounds[:, 1] - bounds[:, 0]).mean(),
        "intervalScore": (bounds[:, 1] - bounds[:, 0] + 20 * missed).mean(),
    }


def main():
    generator = np.random.default_rng(26)
    families = [["a", "b", "c", "d", "e"][min(4, int(f))] for f in generator.exponential(1.4, 24)]
    x = generator.normal(size=(24, 3)) * [1, 10, 0.1] + [5, 100, 1]
    x = np.hstack([x, np.full((24, 1), 2.0)])
    z = 0.9 * (x[:, 0] - 5) - 0.3 * (x[:, 1] - 100) / 10 + 0.2 * generator.normal(size=24) - 0.4
    recall = np.round(plain(z) * QUERIES) / QUERIES
    y = logit(recall)
    fit = ridge(x, y, 0.1)
    new = np.array([5.5, 90, 1.05, 2])
    languages = list(range(24))
    _, single = without(x, y, languages, 0.9, [new])
    _, grouped = without(x, y, families, 0.9, [new])
    ties = np.array([3, 1, 2, 2, 5, 5, 5, 0])
    other = np.array([1, 1, 4, 3, 9, 8, 8, 2])
    result = {
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "families": families,
        "queries": QUERIES,
        "features": x.tolist(),
        "recall": recall.tolist(),
        "fixed": {"penalty": 0.1, "weights": fit[2].tolist(), "intercept": fit[3]},
        "chosenPenalty": chosen(x, y),
        "new": new.tolist(),
        "forecast": float(rate(value(best(x, y), new))),
        "jackknifePlus": rate(single[0]).tolist(),
        "cvPlus": rate(grouped[0]).tolist(),
        "languages": {k: float(v) for k, v in skill(x, recall, languages).items()},
        "byFamily": {k: float(v) for k, v in skill(x, recall, families).items()},
        "spearman": {
            "first": ties.tolist(),
            "second": other.tolist(),
            "r": stats.spearmanr(ties, other).statistic,
        },
    }
    OUTPUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


main()
