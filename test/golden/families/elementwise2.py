# The less common elementwise ops: a grid over the whole range, the special values, broadcasting.
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal, rng

FAR = np.array([12, 20, 50, 85, 104, 200, 1e4])
TINY = np.array([1e-4, -1e-4, 1e-20, -1e-20])
LINE = np.concatenate([np.linspace(-6, 6, 49), -FAR, FAR, TINY]).astype(np.float32)
# Bends are left to the special values, and what float64 holds but f32 does not is left out.
SMALL = LINE[np.abs(LINE) <= 85]
UNIT = np.concatenate([np.linspace(-0.98, 0.98, 33), TINY]).astype(np.float32)
POSITIVE = np.concatenate([np.geomspace(1e-12, 1e12, 41), [1, 2, 4, 0.5, 0.9, 1.1]]).astype(np.float32)
WIDE = np.geomspace(1e-45, 3e38, 60).astype(np.float32)
ABOVE_ONE = np.concatenate([np.linspace(1.02, 6, 25), [20, 1e3, 1e5, 1e10]]).astype(np.float32)
SPECIAL = np.array([0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan], np.float32)

UNARY = [
    ("exp2", {}, SMALL, torch.exp2),
    ("log2", {}, POSITIVE, torch.log2),
    ("tan", {}, LINE, torch.tan),
    ("asin", {}, UNIT, torch.asin),
    ("acos", {}, UNIT, torch.acos),
    ("atan", {}, LINE, torch.atan),
    ("sinh", {}, SMALL, torch.sinh),
    ("cosh", {}, SMALL, torch.cosh),
    ("asinh", {}, LINE, torch.asinh),
    ("acosh", {}, ABOVE_ONE, torch.acosh),
    ("atanh", {}, UNIT, torch.atanh),
    ("logSigmoid", {}, LINE, F.logsigmoid),
    ("relu6", {}, LINE, F.relu6),
    ("selu", {}, LINE, F.selu),
    ("celu", {}, LINE, F.celu),
    ("celu", {"alpha": 1.7}, LINE, lambda x: F.celu(x, 1.7)),
    ("mish", {}, SMALL, F.mish),
    ("hardswish", {}, LINE, F.hardswish),
    ("hardsigmoid", {}, LINE, F.hardsigmoid),
    ("hardtanh", {}, LINE, F.hardtanh),
    ("hardtanh", {"min": -2.1, "max": 0.4}, LINE, lambda x: F.hardtanh(x, -2.1, 0.4)),
    ("softsign", {}, LINE, F.softsign),
    ("erf", {}, LINE, torch.erf),
    ("erfc", {}, LINE, torch.erfc),
    ("gelu", {}, LINE, F.gelu),
    ("frac", {}, LINE, torch.frac),
    ("exp", {}, SMALL, torch.exp),
    ("log", {}, POSITIVE, torch.log),
    ("sigmoid", {}, LINE, torch.sigmoid),
]

# What PyTorch 1.13 cannot differentiate twice, in terms of what it can; off the bends.
TWICE = {
    "hardsigmoid": lambda x: F.relu6(x + 3) / 6,
    "hardswish": lambda x: x * F.relu6(x + 3) / 6,
}
PREDICATES = [("isnan", torch.isnan), ("isinf", torch.isinf), ("isfinite", torch.isfinite)]

BINARY = [
    ("atan2", torch.atan2),
    ("hypot", torch.hypot),
]
PAIRS = [([5], [5]), ([3, 4], [4]), ([2, 1, 3], [4, 1]), ([3, 4], []), ([0, 4], [4])]
BITS = [
    ("bitwiseAnd", torch.bitwise_and),
    ("bitwiseOr", torch.bitwise_or),
    ("bitwiseXor", torch.bitwise_xor),
    ("bitwiseLeftShift", torch.bitwise_left_shift),
    ("bitwiseRightShift", torch.bitwise_right_shift),
]


def shape_name(*shapes):
    return "_".join("x".join(map(str, s)) or "scalar" for s in shapes)


def make_unary(family):
    for op, options, x, fn in UNARY:
        name = "/".join([op, *(f"{k}={v}" for k, v in options.items())])
        family.add(name, op, options, {"x": x}, lambda x: fn(x), gg=op not in TWICE)
        family.add(name + "/special", op, options, {"x": SPECIAL}, lambda x: fn(x), diff=[])
        if x is POSITIVE:
            family.add(name + "/wide", op, options, {"x": WIDE}, lambda x: fn(x), diff=[])
    for op, fn in TWICE.items():
        family.add(op + "/twice", op, {}, {"x": LINE + np.float32(0.1)}, lambda x: fn(x), gg=True)
    for op, fn in PREDICATES:
        family.add(op, op, {}, {"x": SPECIAL}, lambda x: fn(x).int(), diff=[])
    for name, options in (("plain", {}), ("given", {"nan": 1.5, "posinf": 7.0, "neginf": -3.0})):
        fill = {"posinf": 3.4028234663852886e38, "neginf": -3.4028234663852886e38, **options}
        family.add("nanToNum/" + name, "nanToNum", options, {"x": SPECIAL}, lambda x: torch.nan_to_num(x, **fill))


def make_binary(family):
    corners = np.array([0.0, -0.0, 1, -1, np.inf, -np.inf, 1e30, -1e-30], np.float32)
    a, b = (v.reshape(-1).copy() for v in np.meshgrid(corners, corners))
    for op, fn in BINARY:
        for sa, sb in PAIRS:
            inputs = {"a": normal(f"{op}/a{sa}{sb}", *sa), "b": normal(f"{op}/b{sa}{sb}", *sb)}
            family.add(f"{op}/{shape_name(sa, sb)}", op, {}, inputs, lambda a, b: fn(a, b), gg=True)
        family.add(f"{op}/corners", op, {}, {"a": a, "b": b}, lambda a, b: fn(a, b), diff=[])
    for op, fn in BITS:
        draw = rng("bits/" + op)
        x = draw.randint(-(2**31), 2**31, (4, 5)).astype(np.int32)
        y = draw.randint(0, 8, 5) if "Shift" in op else draw.randint(-(2**31), 2**31, 5)
        fit = (lambda a, b: fn(a.int(), b.int()))
        family.add(op, op, {}, {"a": x, "b": y.astype(np.int32)}, fit, diff=[])
    x = rng("bits/not").randint(-(2**31), 2**31, (3, 5)).astype(np.int32)
    family.add("bitwiseNot", "bitwiseNot", {}, {"x": x}, lambda x: torch.bitwise_not(x), diff=[])
    values = np.array([0.0, -0.0, 2, np.nan], np.float32)
    inputs = {"a": values[:, None], "b": values}
    family.add("logicalXor", "logicalXor", {}, inputs, lambda a, b: torch.logical_xor(a, b).int(), diff=[])


def make_blends(family):
    for sa, sb in PAIRS:
        a, b, w = (normal(f"blend/{k}{sa}{sb}", *s) for k, s in (("a", sa), ("b", sb), ("w", sa)))
        name = shape_name(sa, sb)
        for weight in (0.25, 0.75, -1.5):
            run = lambda a, b: torch.lerp(*torch.broadcast_tensors(a, b), weight)
            family.add(f"lerp/{name}/{weight}", "lerp", {"weight": weight}, {"a": a, "b": b}, run, gg=True)
        run = lambda a, b, w: torch.lerp(*torch.broadcast_tensors(a, b, w))
        family.add(f"lerp/{name}/tensor", "lerp", {}, {"a": a, "b": b, "w": w}, run, gg=True)
        far = (np.abs(w) + 0.5).astype(np.float32)
        for value in (1, -0.7):
            o = {"value": value}
            run = lambda x, a, b: torch.addcmul(x, a, b, value=value)
            family.add(f"addcmul/{name}/{value}", "addcmul", o, {"x": a, "a": b, "b": w}, run, gg=True)
            run = lambda x, a, b: torch.addcdiv(x, a, b, value=value)
            family.add(f"addcdiv/{name}/{value}", "addcdiv", o, {"x": a, "a": b, "b": far}, run, gg=True)


def make_prelu(family):
    for shape, n in (([3, 5], 5), ([2, 3, 4], 3), ([2, 3, 4, 5], 1), ([7], 1)):
        inputs = {"x": normal(f"prelu/x{shape}", *shape), "weight": normal(f"prelu/w{shape}", n)}
        family.add(f"prelu/{shape_name(shape)}_{n}", "prelu", {}, inputs, lambda x, weight: F.prelu(x, weight))


def make():
    family = Family("elementwise2")
    make_unary(family)
    make_binary(family)
    make_blends(family)
    make_prelu(family)
    family.save()
