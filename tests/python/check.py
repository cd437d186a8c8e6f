"""Has onnxruntime and PyTorch compute the parity vectors of `model.onnx` and `model.safetensors` in the working folder.

    python check.py onnx <docs/exports.md>
    python check.py torch <docs/exports.md> <heading of the example>

Prints as JSON by how much they are off, and what the document's example prints. The examples are run as they stand there.
"""

import ast
import contextlib
import io
import json
import re
import sys

import numpy


def example(document, heading):
    """Runs the first Python block below a heading: → what it defines, what it prints."""
    text = open(document, encoding="utf-8").read().split(f"\n{heading}\n", 1)[1]
    code = re.search(r"```python\n(.*?)```", text, re.S).group(1)
    assert len(code.splitlines()) <= 30, "it is said to have 30 lines at most"
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return names, ast.literal_eval(printed.getvalue())


def furthest(found, expected):
    assert found.shape == expected.shape, f"{found.shape}, not {expected.shape}"
    off = numpy.abs(numpy.asarray(found, numpy.float64) - numpy.asarray(expected, numpy.float64))
    assert not numpy.isnan(off).any(), "a number is none"
    return float(off.max())


def onnx(document):
    names, printed = example(document, "## The ONNX file")
    session, parity = names["session"], names["parity"]
    inputs = {i.name: parity[i.name] for i in session.get_inputs()}
    count = len(parity["scores"])
    # Alone, and texts without the padding that a batch needs.
    alone = []
    for row in range(count):
        one = {name: values[row : row + 1] for name, values in inputs.items()}
        if "attention_mask" in one:
            real = int(one["attention_mask"].sum())
            one = {name: values[:, :real] for name, values in one.items()}
        alone.append(session.run(["scores"], one)[0][0])
    outputs = {name: furthest(names[name], parity[name]) for name in ("features", "scores", "novelty")}
    about = names["about"]
    return {
        **outputs,
        "alone": furthest(numpy.stack(alone), parity["scores"]),
        "printed": float(printed),
        "vectors": count,
        "inputs": {i.name: i.type for i in session.get_inputs()},
        "type": {o.name: o.type for o in session.get_outputs()},
        "model": json.loads(about["model"]),
        "classes": json.loads(about["classes"]),
    }


def torch(document, heading):
    import torch
    from safetensors.numpy import load_file

    names, printed = example(document, heading)
    file = load_file("model.safetensors")
    if "parity.pixels" in file:
        features = names["features"](torch.tensor(file["parity.pixels"]))
    else:
        # As the document's tokenizer has it, not as it was written down.
        rows = [names["tokenizer"].encode(text).ids for text in names["model"]["vectors"]]
        mask = file["parity.attention_mask"]
        for ids, wanted, real in zip(rows, file["parity.input_ids"], mask):
            assert ids == list(wanted[real > 0]), "the tokenizer says something else"
        features = torch.cat([names["features"](ids) for ids in rows])
    return {
        "features": furthest(features.numpy(), file["parity.features"]),
        "scores": furthest(names["scores"](features).numpy(), file["parity.scores"]),
        "printed": printed,
        "vectors": len(file["parity.scores"]),
    }


print(json.dumps({"onnx": onnx, "torch": torch}[sys.argv[1]](*sys.argv[2:])))
