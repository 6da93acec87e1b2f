#!/usr/bin/env python3
"""Writes Tests/Fixtures/retrieval: NumPy files, and statistics of scipy.

Needs numpy and scipy; their versions go into the files. Run from anywhere; the same versions write
the same bytes.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy import stats

FOLDER = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "retrieval"


def arrays():
    rows = np.array([[1, -2.5, 0.125], [3, 4, -0.5]])
    for name in ("f2", "f4", "f8"):
        np.save(FOLDER / f"{name}.npy", rows.astype("<" + name))
    np.save(FOLDER / "fortran.npy", np.asfortranarray(rows.astype("<f4")))
    np.save(FOLDER / "one_axis.npy", rows[0].astype("<f4"))
    np.save(FOLDER / "integers.npy", rows.astype("<i4"))
    np.savez_compressed(
        FOLDER / "packed.npz",
        half=rows.astype("<f2"),
        wide=np.tile(rows.astype("<f4"), (200, 1)),
        turned=np.asfortranarray(rows.astype(">f8")),
        none=np.zeros((0, 3), "<f4"),
    )
    np.savez_compressed(FOLDER / "objects.npz", np.array([[{}, 1.0]], object))


def statistics():
    generator = np.random.default_rng(1)
    first = (generator.random(60) < 0.6).astype(float)
    second = (generator.random(60) < 0.4).astype(float)
    differences = first - second
    small = differences[:14]
    exact = stats.permutation_test(
        (small,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    interval = stats.bootstrap(
        (first,), np.mean, n_resamples=100_000, method="percentile", random_state=generator
    ).confidence_interval
    paired = stats.bootstrap(
        (differences,), np.mean, n_resamples=100_000, method="percentile", random_state=generator
    ).confidence_interval
    json.dump(
        {
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "first": first.tolist(),
            "second": second.tolist(),
            "meanInterval": [interval.low, interval.high],
            "pairedInterval": [paired.low, paired.high],
            "small": 14,
            "exactP": exact.pvalue,
        },
        open(FOLDER / "statistics.json", "w", encoding="utf-8"),
        indent=1,
    )


FOLDER.mkdir(parents=True, exist_ok=True)
arrays()
statistics()
