"""Makes judge.json: measures by scikit-learn, SciPy and cleanlab on small made-up inputs.

    pip install numpy scipy scikit-learn cleanlab
    python tests/golden/judge.py

Inputs are rounded before anything is computed from them; outputs are written in full. Inputs stay
clear of every edge where a last bit could decide (equal top classes, the borders of the calibration
bins, the confident thresholds, a score of exactly 0.5), so a reader in single precision counts alike.
"""

import json
import math
import warnings
from pathlib import Path

import cleanlab
import numpy as np
import scipy
import sklearn
from cleanlab.count import compute_confident_joint, get_confident_thresholds
from cleanlab.rank import get_normalized_margin_for_each_label
from scipy.optimize import minimize_scalar
from scipy.stats import fisher_exact
from sklearn import metrics
from sklearn.decomposition import PCA

CLEAR = 1e-5  # how far inputs stay from an edge
Z = 1.959963984540054


def made(name, classes, rows, seed, unpredicted=None, absent=None, single=None):
    """Truth and over-confident probabilities; classes can be never predicted, absent or of support 1."""
    rng = np.random.default_rng(seed)
    common = [c for c in range(classes) if c not in (absent, single)]
    truth = rng.choice(common, rows)
    if single is not None:
        truth[rows // 2] = single
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), truth] += 1.6
    logits *= 2.2
    if unpredicted is not None:
        logits[:, unpredicted] -= 8.0
    if absent is not None:
        logits[:3, absent] += 9.0
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = np.maximum(p / p.sum(axis=1, keepdims=True), 2e-6)
    p = np.round(p / p.sum(axis=1, keepdims=True), 9)
    top = p.argmax(axis=1)
    at = np.arange(rows)
    p[at, top] = 0.0
    p[at, top] = np.round(1.0 - p.sum(axis=1), 9)

    flips = rng.choice(rows, rows // 8, replace=False)
    labels = truth.copy()
    labels[flips] = (truth[flips] + rng.integers(1, classes, len(flips))) % classes
    if absent is not None:
        labels[:2] = absent  # cleanlab needs every class to be given

    second, first = np.sort(p, axis=1)[:, -2:].T
    bins = first * 15
    assert p.min() >= 1e-6 and np.allclose(p.sum(axis=1), 1, rtol=0, atol=1e-12), name
    assert (first - second).min() > CLEAR, name
    assert np.abs(bins - np.round(bins))[first < 0.999].min() > 15 * CLEAR, name
    assert set(labels) == set(range(classes)), name
    if unpredicted is not None:
        assert unpredicted in truth and unpredicted not in p.argmax(axis=1), name
    if absent is not None:
        assert absent not in truth and absent in p.argmax(axis=1), name
    if single is not None:
        assert np.sum(truth == single) == 1, name
    return {"name": name, "classes": classes, "truth": truth, "labels": labels, "p": p}


def measures(case):
    truth, p, classes = case["truth"], case["p"], case["classes"]
    every = np.arange(classes)
    guess = p.argmax(axis=1)
    hit = guess == truth
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, guess, labels=every, zero_division=0
    )
    # scikit-learn clips at the machine's epsilon, not at 1e-7; with no p below 1e-6 the two agree.
    loss = -np.log(np.maximum(p[np.arange(len(p)), truth], 1e-7)).mean()
    assert math.isclose(loss, metrics.log_loss(truth, p, labels=every), rel_tol=1e-12)
    brier = ((p - np.eye(classes)[truth]) ** 2).sum(axis=1).mean()
    theirs = p[:, 1] if classes == 2 else p
    assert math.isclose(
        brier,
        metrics.brier_score_loss(truth, theirs, labels=every, scale_by_half=False),
        rel_tol=1e-12,
    )
    confidence = p.max(axis=1)
    bins = np.minimum((confidence * 15).astype(int), 14)
    ece = sum(
        abs(hit[bins == b].mean() - confidence[bins == b].mean()) * np.mean(bins == b)
        for b in np.unique(bins)
    )
    return {
        "name": case["name"],
        "classes": classes,
        "truth": truth,
        "p": p,
        "accuracy": metrics.accuracy_score(truth, guess),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, guess),
        "macro_f1": metrics.f1_score(
            truth, guess, labels=np.unique(truth), average="macro", zero_division=0
        ),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "support": support,
        "log_loss": loss,
        "brier": brier,
        "ece": ece,
        "confusion": metrics.confusion_matrix(truth, guess, labels=every),
    }


def temperature(case):
    truth, logs = case["truth"], np.log(case["p"])

    def loss(log_t):
        scaled = logs / math.exp(log_t)
        top = scaled.max(axis=1)
        total = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        return float((total - scaled[np.arange(len(truth)), truth]).mean())

    found = minimize_scalar(
        loss, bounds=(math.log(0.05), math.log(20)), method="bounded", options={"xatol": 1e-10}
    )
    return {
        "name": case["name"],
        "temperature": math.exp(found.x),
        "nll": found.fun,
        "nll_before": loss(0.0),
    }


def confident(case):
    labels, p = case["labels"], case["p"]
    thresholds = get_confident_thresholds(labels, p)
    gap = np.abs(p - thresholds)  # 0 where a class is given once: the threshold is that row's own
    assert gap[gap > 0].min() > CLEAR, case["name"]
    joint, off = compute_confident_joint(
        labels, p, calibrate=False, return_indices_of_off_diagonals=True
    )
    return {
        "name": case["name"],
        "labels": labels,
        "thresholds": thresholds,
        "joint": joint,  # [given label][likely label]; cleanlab lifts a diagonal of 0 to 1
        "off_diagonal": off,
        "margin": get_normalized_margin_for_each_label(labels, p),
    }


def multilabel():
    rng = np.random.default_rng(21)
    truth = (rng.random((60, 5)) < [0.5, 0.3, 0.2, 0.4, 0.1]).astype(int)
    scores = 1 / (1 + np.exp(-(2.0 * truth - 1.0 + rng.normal(size=truth.shape))))
    scores[:, 4] *= 0.45  # never reaches the threshold
    scores = np.round(scores, 9)
    scores[:, 1] = np.round(scores[:, 1] * 20) / 20 + 0.01  # many ties
    scores[::3, 3] = np.round(scores[::3, 3], 1) + 0.03  # some ties
    scores = np.round(np.clip(scores, 0, 1), 9)
    assert np.abs(scores - 0.5).min() > CLEAR and (truth.sum(axis=0) > 0).all()
    guess = (scores >= 0.5).astype(int)
    each = [metrics.average_precision_score(truth[:, c], scores[:, c]) for c in range(5)]
    return {
        "truth": truth,
        "scores": scores,
        "f1_micro": metrics.f1_score(truth, guess, average="micro", zero_division=0),
        "f1_macro": metrics.f1_score(truth, guess, average="macro", zero_division=0),
        "f1": metrics.f1_score(truth, guess, average=None, zero_division=0),
        "average_precision": each,
        "average_precision_macro": metrics.average_precision_score(truth, scores, average="macro"),
    }


def regression():
    rng = np.random.default_rng(22)
    truth = np.round(rng.normal(12, 5, 50), 6)
    prediction = np.round(0.8 * truth + 2 + rng.normal(0, 2, 50), 6)
    return {
        "truth": truth,
        "prediction": prediction,
        "mean_absolute_error": metrics.mean_absolute_error(truth, prediction),
        "r2": metrics.r2_score(truth, prediction),
        "root_mean_squared_error": metrics.root_mean_squared_error(truth, prediction),
    }


def auroc():
    rng = np.random.default_rng(23)
    truth = (rng.random(80) < 0.35).astype(int)
    scores = np.clip(0.4 + 0.2 * truth + rng.normal(0, 0.2, 80), 0, 1)
    scores = np.where(np.arange(80) % 2 == 0, np.round(scores, 1), np.round(scores, 9))
    return {"truth": truth, "scores": scores, "auroc": metrics.roc_auc_score(truth, scores)}


def wilson():
    out = []
    for hits, total in [(0, 10), (10, 10), (41, 50), (3, 7), (870, 1000)]:
        share, square = hits / total, Z * Z
        middle = (share + square / (2 * total)) / (1 + square / total)
        half = Z * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
        half /= 1 + square / total
        low, high = max(0.0, middle - half), min(1.0, middle + half)
        out.append({"hits": hits, "total": total, "low": low, "high": high})
    return out


def fisher():
    tables = [
        [[8, 12], [90, 30]],
        [[0, 5], [40, 20]],
        [[9, 1], [30, 30]],
        [[3, 4], [6, 7]],
        [[210, 90], [3900, 800]],
    ]
    return [{"table": t, "p": fisher_exact(t, alternative="less").pvalue} for t in tables]


def pca():
    rng = np.random.default_rng(24)
    x = np.round(rng.normal(size=(12, 5)) * [3.0, 1.8, 1.0, 0.6, 0.3] + [1, -2, 0, 4, 0.5], 6)
    fitted = PCA(2, svd_solver="full")
    return {"x": x, "absolute": np.abs(fitted.fit_transform(x))}


def written(value, depth=0):
    """JSON with a line for every row of numbers."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        items = [f"{json.dumps(k)}: {written(v, depth + 1)}" for k, v in value.items()]
        ends = "{}"
    elif isinstance(value, (list, tuple)):
        items = [written(v, depth + 1) for v in value]
        ends = "[]"
        if not any(i[0] in "[{" for i in items):
            return "[" + ",".join(items) + "]"
    else:
        return json.dumps(value, allow_nan=False)
    return ends[0] + "\n" + ",\n".join(pad + i for i in items) + "\n" + " " * depth + ends[1]


def main():
    warnings.filterwarnings("ignore", message="y_pred contains classes not in y_true")
    cases = [
        made("two", 2, 40, 11),
        made("four", 4, 90, 15, unpredicted=2),
        made("ten", 10, 150, 13, absent=7, single=4),
    ]
    versions = {"numpy": np, "scipy": scipy, "scikit-learn": sklearn, "cleanlab": cleanlab}
    out = {
        "versions": {name: module.__version__ for name, module in versions.items()},
        "classes": [measures(c) for c in cases],
        "temperature": [temperature(c) for c in cases],
        "confident": [confident(c) for c in cases],
        "multilabel": multilabel(),
        "regression": regression(),
        "auroc": auroc(),
        "wilson": wilson(),
        "fisher": fisher(),
        "pca": pca(),
    }
    Path(__file__).with_name("judge.json").write_text(written(out) + "\n")


main()
