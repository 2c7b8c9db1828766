# What every family shares: seeded inputs, one recorded case (values, gradients, gradients of gradients), and
# a writer of the safetensors format (8-byte little-endian header length, JSON header, data without holes).
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import torch

FOLDER = Path(__file__).resolve().parent.parent
DTYPES = {"float32": "F32", "float64": "F64", "int32": "I32", "int64": "I64"}


def rng(name):
    """RandomState's stream is frozen by NumPy's policy; the seed is the name's CRC."""
    return np.random.RandomState(zlib.crc32(name.encode()))


def f32(array):
    """float64 results are stored rounded to float32; integers (indices) as int32."""
    if isinstance(array, torch.Tensor):
        # A gradient that PyTorch knows to be zero may have no memory behind it: numpy() would read anything.
        array = torch.zeros(array.shape) if array._is_zerotensor() else array.detach()
        array = array.numpy()
    array = np.asarray(array)
    return array.astype(np.float32 if array.dtype.kind == "f" else np.int32)


def write(file, tensors, metadata):
    """Wider types first, so that every tensor is aligned to its own element size."""
    ordered = sorted(tensors.items(), key=lambda item: -item[1].dtype.itemsize)
    header, chunks, at = {"__metadata__": metadata}, [], 0
    for name, array in ordered:
        chunk = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [at, at + len(chunk)],
        }
        chunks.append(chunk)
        at += len(chunk)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (FOLDER / file).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))
    print(f"{file}: {len(tensors)} tensors, {8 + len(text) + at} bytes")


class Family:
    """The cases of one file. `tensors` and `cases` may also be filled by hand (optim)."""

    def __init__(self, name):
        self.name, self.cases, self.tensors = name, [], {}

    def add(self, name, op, options, inputs, fn, diff=None, gg=False, after=()):
        """fn(**inputs) -> output or outputs. `inputs`: float32 or int32 arrays by name, in the op's order.
        diff: inputs with a gradient (default: every float one). gg: record gradients of gradients too.
        after: inputs that fn changes in place (running statistics)."""
        assert name not in [c["name"] for c in self.cases], name
        draw = rng(self.name + "/" + name + "/cotangents").standard_normal
        random = lambda like: torch.from_numpy(np.asarray(draw(like.shape), dtype=np.float32)).double()
        put = lambda key, value: self.tensors.__setitem__(f"{name}/{key}", f32(value))

        x = {k: torch.from_numpy(np.array(v)) for k, v in inputs.items()}
        x = {k: v.double() if v.is_floating_point() else v.long() for k, v in x.items()}
        if diff is None:
            diff = [k for k, v in x.items() if v.is_floating_point() and k not in after]
        for k in x:
            put(f"in.{k}", x[k])
        leaves = [x[k].requires_grad_() for k in diff]

        outs = fn(**x)
        outs = list(outs) if isinstance(outs, (tuple, list)) else [outs]
        for i, out in enumerate(outs):
            put(f"out.{i}", out)
        for k in after:
            put(f"after.{k}", x[k])
        self.cases.append({"name": name, "op": op, "options": options})
        if not leaves:
            return

        ys = [(i, out) for i, out in enumerate(outs) if out.requires_grad]
        dys = [random(out).requires_grad_(gg) for _, out in ys]
        grads = torch.autograd.grad([out for _, out in ys], leaves, dys, create_graph=gg)
        for (i, _), dy in zip(ys, dys):
            put(f"dy.{i}", dy)
        for k, grad in zip(diff, grads):
            put(f"grad.{k}", grad)
        if not gg:
            return

        # gg = d/d(inputs, dy) of sum over inputs of sum(grad * v); what does not depend is a stored zero.
        vs = [random(leaf) for leaf in leaves]
        total = sum((grad * v).sum() for grad, v in zip(grads, vs))
        seconds = torch.autograd.grad(total, leaves + dys, allow_unused=True)
        for k, v in zip(diff, vs):
            put(f"v.{k}", v)
        for k, like, second in zip(diff + [f"dy.{i}" for i, _ in ys], leaves + dys, seconds):
            put(f"gg.{k}", torch.zeros_like(like) if second is None else second)

    def save(self):
        metadata = {
            "cases": json.dumps(self.cases, separators=(",", ":")),
            "torch": torch.__version__,
            "made_by": "test/golden/make.py",
        }
        write(f"{self.name}.safetensors", self.tensors, metadata)


def normal(name, *shape):
    return rng(name).standard_normal(shape).astype(np.float32)


def pair(value):
    return tuple(value) if isinstance(value, list) else value
