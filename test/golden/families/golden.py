# What every family shares: seeded inputs, one recorded case (values, gradients, gradients of gradients), and
# a writer of the safetensors format (8-byte little-endian header length, JSON header, data without holes).
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import torch

from .exceptions import EXCEPTIONS
from .rules import RULE_OF

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


def evaluate(fn, inputs, diff, cotangents, gg):
    """Values, gradients and gradients of gradients of one call, by their names in the file. cotangents(outs, leaves) ->
    dy by output, v by input; called once the outputs are known."""
    x = {k: v.clone() for k, v in inputs.items()}
    leaves = [x[k].requires_grad_() for k in diff]
    outs = fn(**x)
    outs = list(outs) if isinstance(outs, (tuple, list)) else [outs]
    parts = {f"out.{i}": out for i, out in enumerate(outs)}
    if not leaves:
        return parts, x
    ys = [(i, out) for i, out in enumerate(outs) if out.requires_grad]
    dys, vs = cotangents([out for _, out in ys], leaves)
    dys = [dy.clone().requires_grad_(gg) for dy in dys]
    grads = torch.autograd.grad([out for _, out in ys], leaves, dys, create_graph=gg)
    parts.update({f"dy.{i}": dy for (i, _), dy in zip(ys, dys)})
    parts.update({f"grad.{k}": grad for k, grad in zip(diff, grads)})
    if not gg:
        return parts, x
    # gg = d/d(inputs, dy) of sum over inputs of sum(grad * v); what does not depend is a stored zero.
    total = sum((grad * v).sum() for grad, v in zip(grads, vs))
    if total.requires_grad:
        seconds = torch.autograd.grad(total, leaves + dys, allow_unused=True)
    else:
        seconds = [None] * len(leaves + dys)  # x^0
    parts.update({f"v.{k}": v for k, v in zip(diff, vs)})
    for k, like, second in zip(diff + [f"dy.{i}" for i, _ in ys], leaves + dys, seconds):
        parts[f"gg.{k}"] = torch.zeros_like(like) if second is None else second
    return parts, x


def absolute(x):
    return x.abs() if x.is_floating_point() else x


def sizes(rule, fn, inputs, diff, parts, gg):
    """S of the bounds 2e-6 S and 1e-5 S (rules.py), by part; the parts left out have S = max |ref|."""
    dys = [v for k, v in parts.items() if k.startswith("dy.")]
    vs = [parts[f"v.{k}"] for k in diff] if gg else []
    given = lambda *_: ([dy.detach().abs() for dy in dys], [v.abs() for v in vs])
    if rule == "sums":
        found, _ = evaluate(fn, {k: absolute(v) for k, v in inputs.items()}, diff, given, gg)
    elif rule == "selects":
        found, _ = evaluate(fn, inputs, diff, given, gg)
    elif rule == "elementwise" and diff:
        found = elementwise_sizes(fn, inputs, diff, dys[0].detach(), vs, gg)
    else:
        found = {}
    wanted = ("out.", "grad.", "gg.") if rule == "sums" else ("grad.", "gg.")
    return {k: v.detach().abs() for k, v in found.items() if k.startswith(wanted)}


def elementwise_sizes(fn, inputs, diff, dy, vs, gg):
    """Of the inputs in the shape of the output; 1e-5 (|ref| + 0.1 |dy|) is 1e-5 |ref| + 1e-6 |dy|."""
    shape = dy.shape
    wide = {k: x.expand(shape).clone() if x.is_floating_point() else x for k, x in inputs.items()}
    wide_vs = [v.expand(shape) for v in vs]
    found, _ = evaluate(fn, wide, diff, lambda *_: ([dy], wide_vs), gg)
    v = sum(v.abs() for v in wide_vs) if gg else None
    result = {}
    for k, x in found.items():
        if k.startswith("grad."):
            result[k] = (x.abs() + 0.1 * dy.abs()).sum_to_size(inputs[k[5:]].shape)
        elif k.startswith("gg.dy"):
            result[k] = x.abs() + 0.1 * v
        elif k.startswith("gg."):
            result[k] = (x.abs() + 0.1 * dy.abs() * v).sum_to_size(inputs[k[3:]].shape)
    return result


class Family:
    """The cases of one file. `tensors` and `cases` may also be filled by hand (optim)."""

    def __init__(self, name):
        self.name, self.cases, self.tensors = name, [], {}

    def add(
        self, name, op, options, inputs, fn, diff=None, gg=False, after=(), rule=None, absolute=None
    ):
        """fn(**inputs) -> output or outputs. `inputs`: float32 or int32 arrays by name, in the op's order.
        diff: inputs with a gradient (default: every float one). gg: record gradients of gradients too.
        after: inputs that fn changes in place (running statistics). rule: another than the op's (rules.py).
        absolute: what gives S of absolute inputs, if not fn. Bounds of a case's own: exceptions.py."""
        assert name not in [c["name"] for c in self.cases], name
        draw = rng(self.name + "/" + name + "/cotangents").standard_normal
        random = lambda like: torch.from_numpy(np.asarray(draw(like.shape), dtype=np.float32)).double()
        put = lambda key, value: self.tensors.__setitem__(f"{name}/{key}", f32(value))

        x = {k: torch.from_numpy(np.array(v)) for k, v in inputs.items()}
        x = {k: v.double() if v.is_floating_point() else v.long() for k, v in x.items()}
        if diff is None:
            diff = [k for k, v in x.items() if v.is_floating_point() and k not in after]

        def cotangents(outs, leaves):
            dys = [random(out) for out in outs]
            return dys, [random(leaf) for leaf in leaves] if gg else []

        parts, changed = evaluate(fn, x, diff, cotangents, gg)
        for k in x:
            put(f"in.{k}", x[k])
        for k, value in parts.items():
            put(k, value)
        for k in after:
            put(f"after.{k}", changed[k])
        rule = rule or RULE_OF[op]
        for k, value in sizes(rule, absolute or fn, x, diff, parts, gg).items():
            put(f"s.{k}", value)
        tolerance = EXCEPTIONS.get(f"{self.name}/{name}")
        more = {} if tolerance is None else {"tolerance": tolerance}
        self.cases.append({"name": name, "op": op, "options": options, "rule": rule, **more})

    def save(self):
        names = {f"{self.name}/{c['name']}" for c in self.cases}
        assert not [e for e in EXCEPTIONS if e.startswith(self.name + "/") and e not in names], "an exception of no case"
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
