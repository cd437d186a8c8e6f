"""Pictures a second by PyTorch, as timm's users have it: PIL in a DataLoader's workers, a network of modules in batches of 32.

    python native.py <pack in f32> <folder> <empty folder> → JSON on stdout

The network is EfficientNet-Lite0 with the pack's own weights, batch norms folded, channels last: what PyTorch is fastest with. Of several
ways to share the cores out the fastest is told. Importing, loading and a first batch are not counted.

Two pictures of each class are written into the empty folder as this network sees them, and its rows of them are told: two JPEG decoders
differ by more than two networks do.
"""

import json
import sys
import time
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

# Repeats, filter, stride, widening, channels of the output.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]
SIZE, BATCH = 224, 32


class Same(nn.Conv2d):
    """Padded as TensorFlow does: what is odd comes last."""

    def forward(self, x):
        (side, _), (stride, _) = self.kernel_size, self.stride
        if stride == 1:
            return nn.functional.conv2d(x, self.weight, self.bias, 1, side // 2, 1, self.groups)
        size = x.shape[-1]
        border = (-(-size // stride) - 1) * stride + side - size
        before, after = border // 2, border - border // 2
        return super().forward(nn.functional.pad(x, (before, after, before, after)))


class Block(nn.Module):
    def __init__(self, inside, out, side, stride, widening):
        super().__init__()
        inner = inside * widening
        if widening > 1:
            self._expand_conv = nn.Conv2d(inside, inner, 1)
        self._depthwise_conv = Same(inner, inner, side, stride, groups=inner)
        self._project_conv = nn.Conv2d(inner, out, 1)
        self.skips = stride == 1 and inside == out

    def forward(self, x):
        y = nn.functional.relu6(self._expand_conv(x)) if hasattr(self, "_expand_conv") else x
        y = self._project_conv(nn.functional.relu6(self._depthwise_conv(y)))
        return x + y if self.skips else y


class Lite0(nn.Module):
    def __init__(self):
        super().__init__()
        self._conv_stem = Same(3, 32, 3, 2)
        blocks, inside = [], 32
        for repeats, side, stride, widening, out in STAGES:
            for i in range(repeats):
                blocks.append(Block(inside, out, side, stride if i == 0 else 1, widening))
                inside = out
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(inside, 1280, 1)

    def forward(self, pixels):
        x = nn.functional.relu6(self._conv_stem((pixels.permute(0, 3, 1, 2).float() - 127) / 128))
        for block in self._blocks:
            x = block(x)
        return nn.functional.relu6(self._conv_head(x)).mean((2, 3))


class Pictures(torch.utils.data.Dataset):
    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        picture = Image.open(self.files[i]).convert("RGB")
        scale = SIZE / min(picture.size)
        size = [max(SIZE, round(side * scale)) for side in picture.size]
        left, top = (size[0] - SIZE) // 2, (size[1] - SIZE) // 2
        picture = picture.resize(size, Image.BICUBIC).crop((left, top, left + SIZE, top + SIZE))
        return torch.from_numpy(numpy.array(picture))


def embed(net, files, workers, threads):
    torch.set_num_threads(threads)
    loader = torch.utils.data.DataLoader(Pictures(files), BATCH, num_workers=workers)
    with torch.inference_mode():
        net(torch.zeros(BATCH, SIZE, SIZE, 3, dtype=torch.uint8))
        start = time.perf_counter()
        rows = torch.cat([net(batch) for batch in loader])
        return rows, time.perf_counter() - start


def main():
    pack, folder, seen = (Path(path) for path in sys.argv[1:4])
    cores = torch.multiprocessing.cpu_count()
    manifest = json.loads((pack / "manifest.json").read_text())
    net = Lite0().eval().to(memory_format=torch.channels_last)
    assert manifest["preprocess"]["mean"] == 127 and manifest["preprocess"]["std"] == 128
    net.load_state_dict(load_file(pack / "model.safetensors"))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    ways = {}
    for workers, threads in {(0, cores), (cores, cores), (max(1, cores // 2), cores), (cores, max(1, cores // 2))}:
        rows, seconds = embed(net, files, workers, threads)
        ways[f"{workers} workers, {threads} threads"] = len(files) / seconds
    # The network by itself: nobody waits for a decoder.
    torch.set_num_threads(cores)
    batch = torch.zeros(BATCH, SIZE, SIZE, 3, dtype=torch.uint8)
    with torch.inference_mode():
        net(batch)
        start = time.perf_counter()
        for _ in range(4):
            net(batch)
        network = 4 * BATCH / (time.perf_counter() - start)
    some = {}
    for i, file in enumerate(files):
        if sum(file.parent == other.parent for other in files[:i]) < 2:
            path = (seen / file.relative_to(folder)).with_suffix(".png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(Pictures(files)[i].numpy()).save(path)
            some[path.relative_to(seen).as_posix()] = rows[i].tolist()
    print(json.dumps({"torch": torch.__version__, "pictures": len(files), "ways": ways, "network": network, "rows": some}))


if __name__ == "__main__":
    main()
