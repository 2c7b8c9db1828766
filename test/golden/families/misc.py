# Matmul broadcasting, activations, embedding, gather, variance, gradient clipping.
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal, rng

MATMULS = [
    ([3, 4], [4, 5]),
    ([1, 1], [1, 1]),
    ([17, 33], [33, 9]),
    ([4], [4]),
    ([4], [4, 3]),
    ([3, 4], [4]),
    ([2, 3, 4], [4, 5]),
    ([3, 4], [2, 4, 5]),
    ([2, 3, 4], [2, 4, 5]),
    ([1, 3, 4], [6, 4, 2]),
    ([2, 1, 3, 4], [5, 4, 2]),
    ([4], [2, 4, 3]),
    ([2, 3, 4], [4]),
    ([1, 70], [70, 3]),
]

ACTIVATIONS = [
    ("gelu", {"approximate": "none"}, lambda x: F.gelu(x, approximate="none")),
    ("gelu", {"approximate": "tanh"}, lambda x: F.gelu(x, approximate="tanh")),
    ("elu", {}, F.elu),
    ("elu", {"alpha": 0.4}, lambda x: F.elu(x, 0.4)),
    ("softplus", {}, F.softplus),
    ("softplus", {"beta": 2, "threshold": 5}, lambda x: F.softplus(x, 2, 5)),
    ("leakyRelu", {}, F.leaky_relu),
    ("leakyRelu", {"negativeSlope": 0.2}, lambda x: F.leaky_relu(x, 0.2)),
    ("relu", {}, F.relu),
    ("silu", {}, F.silu),
    ("tanh", {}, torch.tanh),
    ("sigmoid", {}, torch.sigmoid),
]


def make_activations(family):
    # A grid through the bend, then magnitudes where exp over- and underflows f32.
    far = np.array([12, 20, 50, 89, 104, 200, 1e4])
    x = np.concatenate([np.linspace(-6, 6, 49), -far, far, [1e-4, -1e-4, 1e-20, -1e-20]]).astype(np.float32)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan], np.float32)
    for op, options, fn in ACTIVATIONS:
        name = "/".join([op, *(f"{k}={v}" for k, v in options.items())])
        family.add(name, op, options, {"x": x}, lambda x: fn(x), gg=True)
        family.add(name + "/special", op, options, {"x": special}, lambda x: fn(x), diff=[])


def make_indexing(family):
    weight = normal("misc/table", 7, 4)
    ids = rng("misc/ids").randint(0, 7, (3, 5)).astype(np.int32)
    ids[0] = [3, 0, 3, 6, 3]  # repeated rows add up in the gradient
    for name, options in (
        ("embedding/plain", {}),
        ("embedding/paddingIdx3", {"paddingIdx": 3}),
        ("embedding/paddingIdx0", {"paddingIdx": 0}),
    ):
        family.add(
            name,
            "embedding",
            options,
            {"ids": ids, "weight": weight},
            lambda ids, weight: F.embedding(ids, weight, padding_idx=options.get("paddingIdx")),
            gg=True,
        )
    x = normal("misc/gather", 3, 4, 5)
    for axis, shape in ((0, (2, 4, 5)), (1, (3, 6, 5)), (2, (3, 4, 1)), (-1, (3, 2, 7))):
        index = rng(f"misc/index{axis}").randint(0, x.shape[axis], shape).astype(np.int32)
        family.add(
            f"gather/axis{axis}",
            "gather",
            {"axis": axis},
            {"x": x, "index": index},
            lambda x, index: torch.gather(x, axis, index),
            gg=True,
        )


def make_variance(family):
    x, far = normal("misc/var", 3, 4, 5), normal("misc/var_far", 3, 4, 5) + np.float32(1000)
    rows = [
        ("all", x, {"correction": 1}),
        ("all_c0", x, {"correction": 0}),
        ("axis1", x, {"axis": 1, "correction": 1}),
        ("axes0,2_c0", x, {"axis": [0, 2], "correction": 0}),
        ("last_keep", x, {"axis": -1, "correction": 1, "keepDims": True}),
        ("last_c2", x, {"axis": -1, "correction": 2}),
        ("mean1000", far, {"axis": [0, 2], "correction": 1}),
    ]
    for op, fn in (("variance", torch.var), ("std", torch.std)):
        for name, data, o in rows:
            dim = o.get("axis", [0, 1, 2])
            run = lambda x: fn(x, dim=dim, correction=o["correction"], keepdim=o.get("keepDims", False))
            family.add(f"{op}/{name}", op, o, {"x": data}, run, gg=name in ("axis1", "axes0,2_c0"))


def make_clipping(family):
    grads = {"g0": normal("clip/0", 5, 3), "g1": normal("clip/1", 7), "g2": normal("clip/2", 2, 2, 2)}
    rows = [
        ("clips", 1.0, 2, 1),
        ("leaves", 100.0, 2, 1),
        ("max_norm", 0.5, "inf", 1),
        ("zero", 1.0, 2, 0),
        ("big", 2.0, 2, 1e15),
    ]
    for name, max_norm, norm_type, scale in rows:

        def fn(**g):
            params = [torch.zeros_like(v) for v in g.values()]
            for param, grad in zip(params, g.values()):
                param.grad = grad
            return torch.nn.utils.clip_grad_norm_(params, max_norm, float(norm_type))

        inputs = {k: v * np.float32(scale) for k, v in grads.items()}
        family.add(
            f"clipGradNorm/{name}",
            "clipGradNorm",
            {"maxNorm": max_norm, "normType": norm_type},
            inputs,
            fn,
            diff=[],
            after=list(grads),
        )


def make():
    family = Family("misc")
    for a, b in MATMULS:
        name = "x".join(map(str, a)) + "@" + "x".join(map(str, b))
        inputs = {"a": normal("matmul/a" + name, *a), "b": normal("matmul/b" + name, *b)}
        family.add(
            "matmul/" + name,
            "matmul",
            {},
            inputs,
            lambda a, b: a @ b,
            gg=len(a) + len(b) > 4 or name == "3x4@4x5",
        )
    make_activations(family)
    make_indexing(family)
    make_variance(family)
    make_clipping(family)
    family.save()
