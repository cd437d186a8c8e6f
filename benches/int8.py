"""What 8-bit dot products would do to the features, without writing a kernel: the peers' networks with their products
rounded as relaxed SIMD's `i32x4.relaxed_dot_i8x16_i7x16_add_s` needs them. One side has 8 bits, the other 7; sums are exact,
and all between two products stays f32.

    python3 -m venv py && py/bin/pip install numpy onnxruntime onnx pillow scikit-learn tokenizers
    py/bin/python benches/int8.py            # prints the tables of BENCHMARKS.md in some ten minutes; `pictures` or `texts`: one of them
"""

import csv, datetime, json, re, struct, sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from tokenizers import Tokenizer

SHARED = Path(__file__).resolve().parents[2] / "shared"
TOKENIZER = Path.home() / ".cache/headstart/packs/all-minilm-l6-v2/tokenizer.json"
# Levels of activations, and the largest integer of a weight.
A7W8, A8W7 = (127, 127), (255, 63)


def safetensor(file, name):
    data = file.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    entry = json.loads(data[8 : 8 + size])[name]
    kind = {"F32": np.float32, "U8": np.uint8}[entry["dtype"]]
    start, end = entry["data_offsets"]
    return np.frombuffer(data[8 + size :][start:end], kind).reshape(entry["shape"])


def divisor(channels, most):
    return max(d for d in range(1, min(channels, most) + 1) if channels % d == 0)


class Network:
    """An ONNX graph whose products can be rounded. `channels` is the axis of an activation that a product sums over."""

    def __init__(self, file, channels, output, run):
        self.model, self.channels, self.output, self.run = onnx.load(file), channels, output, run
        self.weights = {i.name: numpy_helper.to_array(i) for i in self.model.graph.initializer}
        self.products = [n for n in self.model.graph.node if self.kind(n)]
        self.ranges = {}

    def kind(self, node):
        """`product`, or `filter` for what sums over pixels; None for the rest."""
        weight = self.weights.get(node.input[1]) if node.op_type in ("Conv", "MatMul") else None
        if weight is None:
            return None
        return "filter" if weight.ndim == 4 and weight.shape[2] > 1 else "product"

    def calibrate(self, inputs):
        """The least and the largest value of each channel that goes into a product."""
        names = list(dict.fromkeys(n.input[0] for n in self.products))
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
        session = start(model)
        for one in inputs:
            for name, x in zip(names, session.run(names, self.run(one))):
                x = np.moveaxis(x, self.channels, 0).reshape(x.shape[self.channels], -1)
                low, high = self.ranges.get(name, (0, 0))
                self.ranges[name] = (np.minimum(low, x.min(1)), np.maximum(high, x.max(1)))

    def rounded(self, how=None):
        """A session. `how`: see VARIANTS below; None leaves the network as it is."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        if how:
            del model.graph.node[:]
            initial = {i.name: i for i in model.graph.initializer}
            for index, node in enumerate(self.model.graph.node):
                copy = onnx.NodeProto()
                copy.CopyFrom(node)
                kind = self.kind(node)
                if kind and kind in how["what"] and not re.search(how.get("not", "$^"), node.name):
                    for added in self.rounding(copy, f"int8_{index}", kind, initial, **how):
                        model.graph.node.append(added)
                model.graph.node.append(copy)
        return start(model)

    def rounding(self, node, name, kind, initial, bits=A7W8, group=None, live=False, activations=True, **_):
        levels, most = bits
        weight = self.weights[node.input[1]].astype(np.float64)
        # Outputs first, then what is summed over.
        flat = weight.T if weight.ndim == 2 else weight.reshape(len(weight), -1)
        channels = flat.shape[1]
        group = divisor(channels, group) if group and kind == "product" else None
        nodes, fold, blocks = [], np.ones(channels), channels
        if activations and live:
            blocks = group or channels
            nodes = self.live(node, name, blocks, levels)
        elif activations:
            low, high = self.ranges[node.input[0]]
            if group and kind == "product":
                shape = (-1, group)
                low = np.repeat(low.reshape(shape).min(1), group)
                high = np.repeat(high.reshape(shape).max(1), group)
                # A scale by channel can go into the weights, which then are rounded with it.
                fold = np.maximum(high - low, 1e-9)
            else:
                low, high = np.full(1, low.min()), np.full(1, high.max())
            nodes = self.calibrated(node, name, low, high, levels)
        elif group:
            blocks = group
        scaled = (flat * fold).reshape(len(flat), -1, blocks)
        scale = np.maximum(np.abs(scaled).max(2, keepdims=True), 1e-12) / most
        flat = (np.round(scaled / scale) * scale).reshape(flat.shape) / fold
        flat = flat.T if weight.ndim == 2 else flat.reshape(weight.shape)
        initial[node.input[1]].CopyFrom(numpy_helper.from_array(flat.astype(np.float32), node.input[1]))
        return nodes

    def calibrated(self, node, name, low, high, levels):
        scale = np.maximum(high - low, 1e-9) / levels
        shape = [1, -1, 1, 1] if self.channels == 1 else [-1]
        parts = {"scale": scale.reshape(shape), "zero": np.round(-low / scale).reshape(shape)}
        return [constant(name, part, value) for part, value in parts.items()] + round_to(node, name, node.input[0], levels)

    def live(self, node, name, group, levels):
        """A range for each `group` channels of each pixel or token, found as the network runs."""
        x, images = node.input[0], self.channels == 1
        op = lambda kind, inputs, out, **more: helper.make_node(kind, [f"{name}_{i}" for i in inputs], [f"{name}_{out}"], **more)
        nodes = [constant(name, "none", 0), constant(name, "tiny", 1e-9), constant(name, "levels", levels)]
        nodes += [helper.make_node("Shape", [x], [f"{name}_shape"])]
        if images:
            # All pixels in one dimension, so that only one is left open when the channels are divided.
            groups = self.weights[node.input[1]].shape[1] // group
            nodes += [constant(name, "lines", [0, 0, -1], np.int64), constant(name, "grouped", [0, groups, group, -1], np.int64)]
            nodes += [helper.make_node("Reshape", [x, f"{name}_lines"], [f"{name}_flat"]), op("Reshape", ["flat", "grouped"], "x")]
        else:
            nodes += [constant(name, "grouped", [0, 0, -1, group], np.int64)]
            nodes += [helper.make_node("Reshape", [x, f"{name}_grouped"], [f"{name}_x"])]
        axis = 2 if images else 3
        nodes += [op("ReduceMin", ["x"], "min", axes=[axis]), op("ReduceMax", ["x"], "max", axes=[axis])]
        nodes += [op("Min", ["min", "none"], "low"), op("Max", ["max", "none"], "high")]
        nodes += [op("Sub", ["high", "low"], "range"), op("Max", ["range", "tiny"], "wide"), op("Div", ["wide", "levels"], "scale")]
        nodes += [op("Div", ["low", "scale"], "below"), op("Neg", ["below"], "above"), op("Round", ["above"], "zero")]
        nodes += round_to(node, name, f"{name}_x", levels)
        nodes += [helper.make_node("Reshape", [node.input[0], f"{name}_shape"], [f"{name}_back"])]
        node.input[0] = f"{name}_back"
        return nodes

    def features(self, session, inputs):
        return np.concatenate([session.run([self.output], self.run(one))[0] for one in inputs])


def constant(name, part, value, kind=np.float32):
    return helper.make_node("Constant", [], [f"{name}_{part}"], value=numpy_helper.from_array(np.asarray(value, kind)))


def round_to(node, name, x, levels):
    """`x` → the nearest of the levels that `scale` and `zero` make; the node reads that instead."""
    op = lambda kind, inputs, out: helper.make_node(kind, inputs, [f"{name}_{out}"])
    node.input[0] = f"{name}_rounded"
    return [
        constant(name, "least", 0),
        constant(name, "most", levels),
        op("Div", [x, f"{name}_scale"], "units"),
        op("Add", [f"{name}_units", f"{name}_zero"], "shifted"),
        op("Round", [f"{name}_shifted"], "whole"),
        op("Clip", [f"{name}_whole", f"{name}_least", f"{name}_most"], "clipped"),
        op("Sub", [f"{name}_clipped", f"{name}_zero"], "centred"),
        op("Mul", [f"{name}_centred", f"{name}_scale"], "rounded"),
    ]


def start(model):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def classifier(features, labels, strength=None):
    unit = lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)
    mean = unit(features).mean(0)
    if strength is None:
        grid = GridSearchCV(LogisticRegression(max_iter=2000), {"C": [1, 4, 16, 64, 256]}, cv=5)
        strength = grid.fit(unit(features) - mean, labels).best_params_["C"]
    model = LogisticRegression(C=strength, max_iter=2000).fit(unit(features) - mean, labels)
    return strength, lambda x: model.predict(unit(x) - mean)


def pixels(file):
    image = Image.open(file).convert("RGB")
    scale = 224 / min(image.size)
    image = image.resize([max(224, round(side * scale)) for side in image.size], Image.BICUBIC)
    left, top = [(side - 224) // 2 for side in image.size]
    return np.asarray(image.crop((left, top, left + 224, top + 224)))


def pictures():
    network = Network(SHARED / "peers/lite0.onnx", 1, "feature", lambda x: {"image": ((x[None].astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2)})
    golden = SHARED / "golden/image_golden.safetensors"
    part = lambda name: sorted((SHARED / "data/clothing10" / name).glob("*/*"))
    sets = [([pixels(f) for f in part(name)], [f.parent.name for f in part(name)]) for name in ("train", "test")]
    # Every sixth: ten a class.
    network.calibrate(sets[0][0][::6])
    return network, safetensor(golden, "image_u8_nhwc"), safetensor(golden, "feature"), sets


def texts():
    run = lambda ids: {"input_ids": np.array([ids], np.int64), "attention_mask": np.ones((1, len(ids)), np.int64)}
    network = Network(SHARED / "peers/minilm.onnx", 2, "sentence_embedding", run)
    items = json.loads((SHARED / "golden/text_golden.json").read_text())["items"]
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    sets = []
    for name in ("train", "test"):
        rows = list(csv.DictReader((SHARED / f"data/sentiment_imdb/{name}.csv").open(encoding="utf8")))
        sets.append(([tokenizer.encode(row["text"]).ids for row in rows], [row["label"] for row in rows]))
    network.calibrate(sets[0][0][::6])
    return network, [item["ids"] for item in items], safetensor(SHARED / "golden/text_golden.safetensors", "embedding"), sets


PRODUCTS = {"what": ("product",)}
ENDS = {"not": r"_blocks\.0/|_conv_head|layer\.0/|layer\.5/"}
VARIANTS = [
    ("f32", None),
    ("8-bit weights, a scale an output; activations stay f32", {**PRODUCTS, "activations": False}),
    ("8-bit weights, a scale for 64; activations stay f32", {**PRODUCTS, "activations": False, "group": 64}),
    ("7-bit activations, one range a tensor; filters too", {"what": ("product", "filter")}),
    ("7-bit activations, one range a tensor", PRODUCTS),
    ("the same, first and last block in f32", {**PRODUCTS, **ENDS}),
    ("7-bit activations, a range for 16 channels", {**PRODUCTS, "group": 16}),
    ("7-bit activations, a range a channel", {**PRODUCTS, "group": 1}),
    ("the same, first and last block in f32", {**PRODUCTS, **ENDS, "group": 1}),
    ("7-bit activations, a range a pixel or token, found as it runs", {**PRODUCTS, "live": True}),
    ("the finest: a range for 16 channels of each, a scale for 16 weights", {**PRODUCTS, "live": True, "group": 16}),
    ("the same, first and last block in f32", {**PRODUCTS, **ENDS, "live": True, "group": 16}),
    ("the finest with 8-bit activations and 7-bit weights", {**PRODUCTS, "live": True, "group": 16, "bits": A8W7}),
    ("the finest, in the last block only; all others f32", {**PRODUCTS, "not": r"_blocks\.([0-9]|1[0-4])/|_conv_head|layer\.[0-4]/", "live": True, "group": 16}),
]


def table(title, limit, load):
    network, inputs, golden, ((train, labels), (test, truth)) = load()
    truth = np.array(truth)
    print(f"\n**{title}**; the limit is a cosine of {limit}\n")
    print("| products | lowest cosine to the golden features | mean | accuracy | answers as with f32 |")
    print("|---|---|---|---|---|", flush=True)
    strength = plain = None
    for name, how in VARIANTS:
        if how and "filter" in how["what"] and not any(network.kind(n) == "filter" for n in network.products):
            continue
        session = network.rounded(how)
        same = cosines(network.features(session, inputs), golden)
        strength, predict = classifier(network.features(session, train), labels, strength)
        answers = predict(network.features(session, test))
        plain = answers if plain is None else plain
        right, alike = [f"{100 * v.mean():.1f} %" for v in (answers == truth, answers == plain)]
        print(f"| {name} | {same.min():.5f} | {same.mean():.5f} | {right} | {alike} |", flush=True)


processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
print(f"*{datetime.date.today()}, {processor}, onnxruntime {ort.__version__}.*")
wanted = sys.argv[1:] or ["pictures", "texts"]
if "pictures" in wanted:
    table("EfficientNet-Lite0, clothing10", 0.9999, pictures)
if "texts" in wanted:
    table("all-MiniLM-L6-v2, sentiment_imdb", 0.999, texts)
