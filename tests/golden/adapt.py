"""Makes adapt.json: domain shift and adaptation by NumPy and scikit-learn on small made-up domains.

    pip install numpy scipy scikit-learn
    python tests/golden/adapt.py

Rows are rounded before anything is computed from them; CORAL's rows, of which there are many, afterwards. MMD² is the unbiased estimate with a Gaussian
kernel of the median distance; CORAL has the ridge that src/learn/adapt/coral.rs has, by a whole
eigendecomposition; the cause is looked for by the mixtures of src/judge/cause.rs, whose likelihoods are
maximised here by a general optimiser instead of EM.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

RIDGE = 10.0
rng = np.random.default_rng(0)


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def rows(n, dim, shift, stretch):
    scales = 0.6 ** np.arange(dim) * np.where(np.arange(dim) % 2, stretch, 1.0)
    x = rng.normal(size=(n, dim)) * scales + shift
    x[:, 0] += 4.0
    return np.round(x, 4)


def mmd(x, y):
    both = np.concatenate([x, y])
    squared = ((both[:, None] - both[None]) ** 2).sum(2)
    pairs = np.sort(squared[np.tril_indices(len(both), -1)])
    kernel = np.exp(-0.5 * squared / pairs[len(pairs) // 2])
    np.fill_diagonal(kernel, 0.0)
    m, n = len(x), len(y)
    within = kernel[:m, :m].sum() / (m * (m - 1)) + kernel[m:, m:].sum() / (n * (n - 1))
    return within - 2.0 * kernel[:m, m:].mean()


def power(c, exponent):
    values, vectors = np.linalg.eigh(c)
    return (vectors * (values + RIDGE * np.trace(c) / len(c)) ** exponent) @ vectors.T


def coral(x, y):
    return (x - x.mean(0)) @ power(np.cov(x.T), -0.5) @ power(np.cov(y.T), 0.5) + y.mean(0)


def told_apart(x, y):
    """Balanced accuracy of a domain classifier, as the mean over ways to make folds."""
    both, domain = np.concatenate([x, y]), np.r_[np.zeros(len(x)), np.ones(len(y))]
    head = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000)
    scores = []
    for seed in range(20):
        said = cross_val_predict(head, both, domain, cv=StratifiedKFold(3, shuffle=True, random_state=seed))
        scores.append(np.mean([(said[domain == d] == d).mean() for d in (0, 1)]))
    return float(np.mean(scores)), float(np.std(scores))


def contrasts(p):
    logs = np.log(np.maximum(p, 1e-6))
    out = [(logs[:, :j].sum(1) - j * logs[:, j]) / np.sqrt(j * (j + 1)) for j in range(1, p.shape[1])]
    return np.stack(out, 1)


def cause(source, y, target):
    z, rows, k = contrasts(source), contrasts(target), source.shape[1]
    means = np.stack([z[y == c].mean(0) for c in range(k)])
    off = z - means[y]
    covariance = off.T @ off / (len(y) - k)
    covariance += 0.01 * np.trace(covariance) / (k - 1) * np.eye(k - 1)
    lower = np.linalg.cholesky(covariance)
    rows, means = np.linalg.solve(lower, rows.T).T, np.linalg.solve(lower, means.T).T
    shares = np.bincount(y) / len(y)
    centre = shares @ means
    means = means - centre

    def likelihood(log_shares, apart, wide, middle):
        distance = ((rows - middle)[:, None] - apart * means[None]) ** 2
        logs = log_shares - 0.5 * distance.sum(2) / wide - 0.5 * (k - 1) * np.log(wide)
        return logsumexp(logs, axis=1).sum()

    def best(free, middle):
        def loss(t):
            log_shares = np.log(shares)
            prior = 0.0
            if free:
                log_shares = np.r_[t[2:], 0.0] - logsumexp(np.r_[t[2:], 0.0])
                prior = log_shares.sum()  # One imagined row of each class.
            return -likelihood(log_shares, np.clip(t[0], 0.05, 1.5), max(np.exp(t[1]), 0.05), middle) - prior

        found = []
        for apart in (1.0, 0.3):
            start = np.r_[apart, 0.0, np.zeros(k - 1 if free else 0)]
            t = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 20000, "xatol": 1e-8, "fatol": 1e-9}).x
            log_shares = np.r_[t[2:], 0.0] - logsumexp(np.r_[t[2:], 0.0]) if free else np.log(shares)
            found.append(likelihood(log_shares, np.clip(t[0], 0.05, 1.5), max(np.exp(t[1]), 0.05), middle))
        return float(max(found))

    return {"neither": best(False, centre), "proportions": best(True, centre), "features": best(False, rows.mean(0))}


def said(n, shares, moved, k=3):
    y = rng.choice(k, n, p=shares)
    logits = rng.normal(size=(n, k)) * 0.8 + moved
    logits[np.arange(n), y] += 2.5
    p = np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
    return np.round(p, 5), y


def main():
    cases = []
    for name, shift, stretch in (("same", 0.0, 1.0), ("moved", 0.4, 1.0), ("stretched", 0.1, 2.5)):
        x, y = rows(40, 6, 0.0, 1.0), rows(30, 6, shift, stretch)
        accuracy, spread = told_apart(unit(x), unit(y))
        cases.append(
            {
                "name": name,
                "source": x.tolist(),
                "target": y.tolist(),
                "mmd": float(mmd(unit(x), unit(y))),
                "coral": np.round(coral(unit(x), unit(y)), 6).tolist(),
                "told_apart": accuracy,
                "spread": spread,
            }
        )
    causes = []
    for name, shares, moved in (
        ("neither", [1 / 3] * 3, [0, 0, 0]),
        ("proportions", [0.7, 0.2, 0.1], [0, 0, 0]),
        ("features", [1 / 3] * 3, [2.0, -1.0, 0.0]),
    ):
        source, y = said(90, [1 / 3] * 3, [0, 0, 0])
        target, _ = said(120, shares, moved)
        causes.append(
            {"name": name, "source": source.tolist(), "y": y.tolist(), "target": target.tolist()} | {"want": cause(source, y, target)}
        )
    by = {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
    file = Path(__file__).with_name("adapt.json")
    file.write_text(json.dumps({"by": by, "shift": cases, "cause": causes}) + "\n")


main()
