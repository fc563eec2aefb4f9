"""Fills in what scikit-learn computes from the rows in scikit-learn-vectors.json.

A new metric: its line in one of the two tables below, then

    python3 -m venv .cache/vectors && .cache/vectors/bin/pip install scikit-learn==1.9.1
    .cache/vectors/bin/python -W ignore test/evaluation/metrics/write_vectors.py

With --check nothing is written: the exit code is 1 when a value is not what this scikit-learn computes. The rows were drawn once
with numpy.random.default_rng(20240229). Scores are float32 in a model, so the rows' are taken as such.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from sklearn import metrics as sk

FILE = Path(__file__).with_name("scikit-learn-vectors.json")

# y: targets, p: predictions, w: weights or None.
REGRESSION = {
    "rmse": lambda y, p, w: sk.root_mean_squared_error(y, p, sample_weight=w),
    "mae": lambda y, p, w: sk.mean_absolute_error(y, p, sample_weight=w),
    "medae": lambda y, p, w: sk.median_absolute_error(y, p, sample_weight=w),
    "r2": lambda y, p, w: sk.r2_score(y, p, sample_weight=w),
    "mape": lambda y, p, w: sk.mean_absolute_percentage_error(y, p, sample_weight=w),
    "bias": lambda y, p, w: np.average(p - y, weights=w),
}


def ece(y, p, w):
    """scikit-learn has none: ten bins of equal width over the top class's probability."""
    top, confidence = p.argmax(1), p.max(1)
    w = np.ones(len(y)) if w is None else np.asarray(w, dtype=float)
    bins = np.minimum(9, np.floor(10 * confidence)).astype(int)
    gap = w * ((top == y) - confidence)
    return sum(abs(gap[bins == each].sum()) for each in range(10)) / w.sum()


def one_hot(y, p):
    return (y[:, None] == np.arange(p.shape[1])).astype(int)


# y: codes of classes, p: probabilities [rows, classes], w: weights or None.
CLASSIFICATION = {
    "log_loss": lambda y, p, w: sk.log_loss(y, p, labels=range(p.shape[1]), sample_weight=w),
    "roc_auc": lambda y, p, w: sk.roc_auc_score(y, p[:, 1], sample_weight=w)
    if p.shape[1] == 2
    else sk.roc_auc_score(y, p, multi_class="ovr", average="macro", sample_weight=w),
    "pr_auc": lambda y, p, w: sk.average_precision_score(y, p[:, 1], sample_weight=w)
    if p.shape[1] == 2
    else sk.average_precision_score(one_hot(y, p), p, average="macro", sample_weight=w),
    "accuracy": lambda y, p, w: sk.accuracy_score(y, p.argmax(1), sample_weight=w),
    "f1": lambda y, p, w: sk.f1_score(y, p.argmax(1), average="macro", sample_weight=w),
    "brier": lambda y, p, w: sk.brier_score_loss(y, p[:, 1], sample_weight=w)
    if p.shape[1] == 2
    else sk.brier_score_loss(y, p, labels=range(p.shape[1]), sample_weight=w),
    "ece": ece,
}


def computed(vectors):
    for vector in vectors["regression"]:
        y, p = np.float64(vector["actual"]), np.float64(np.float32(vector["predicted"]))
        yield vector, {name: float(score(y, p, vector["weights"])) for name, score in REGRESSION.items()}
    for vector in vectors["classification"]:
        y = np.asarray(vector["actual"])
        p = np.float64(np.float32(vector["probabilities"])).reshape(-1, vector["classes"])
        yield vector, {name: float(score(y, p, vector["weights"])) for name, score in CLASSIFICATION.items()}


def main():
    vectors = json.loads(FILE.read_text(encoding="utf-8"))
    check = "--check" in sys.argv
    wrong = []
    for vector, scores in computed(vectors):
        for name, value in scores.items():
            kept = vector["expected"].get(name, math.nan)
            if kept is None:  # not defined for these rows on purpose, though scikit-learn has a number
                continue
            if not math.isclose(kept, value, rel_tol=1e-9, abs_tol=1e-12):
                wrong.append(f"{vector['title']}: {name} is {kept}, scikit-learn says {value}")
                vector["expected"][name] = value
    if check:
        print("\n".join(wrong))
        sys.exit(1 if wrong else 0)
    FILE.write_text(json.dumps(vectors, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
