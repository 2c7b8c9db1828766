# The common elementwise ops: a grid over the range, special values (negative zero, infinities, NaN), huge and tiny values,
# broadcasting. Options: args, the op's arguments after the tensors.
import numpy as np
import torch

from .elementwise2 import LINE, PAIRS, POSITIVE, SMALL, SPECIAL, WIDE, shape_name
from .golden import Family, normal, rng

FINE = np.linspace(-3, 3, 61).astype(np.float32)
LITTLE = np.array([1e-7, -1e-7, 1e-4, -1e-4, 3e-3, -3e-3, 0.1, -0.1, 0.5, 1, 2, 10], np.float32)
# No subnormal numbers: WGSL may take them for 0.
HUGE = np.array([3e38, -3e38, 1e30, -1e30, 1e-30, -1e-30, 2e-38, -2e-38, 1.5, -2.5, 0.5, -0.5], np.float32)
ANGLES = np.concatenate([np.linspace(-20, 20, 81), [100, -100, 1000.5]]).astype(np.float32)

# op, points, function
UNARY = [
    ("neg", LINE, torch.neg),
    ("abs", LINE, torch.abs),
    ("square", FINE, torch.square),
    ("expm1", np.concatenate([FINE, LITTLE]), torch.expm1),
    ("log1p", np.concatenate([np.abs(LITTLE), LITTLE[:8]]), torch.log1p),
    ("sqrt", POSITIVE, torch.sqrt),
    ("rsqrt", POSITIVE, torch.rsqrt),
    ("reciprocal", np.concatenate([FINE[:30], LITTLE[2:]]), torch.reciprocal),
    ("sin", ANGLES, torch.sin),
    ("cos", ANGLES, torch.cos),
    ("exp", FINE, torch.exp),
    ("log", WIDE[20:], torch.log),
    ("nanToNum", FINE, torch.nan_to_num),
]
STEPS = [("sign", torch.sign), ("floor", torch.floor), ("ceil", torch.ceil), ("round", torch.round), ("trunc", torch.trunc)]
CLAMPS = [{"min": -1.0, "max": 2.0}, {"min": 0.5}, {"max": -0.25}]
BINARY = [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div)]
SELECT = [("maximum", torch.maximum), ("minimum", torch.minimum)]
MODULO = [("fmod", torch.fmod), ("remainder", torch.remainder)]
COMPARE = ["eq", "ne", "lt", "le", "gt", "ge"]


def make_unary(family):
    add = family.add
    for op, x, fn in UNARY:
        add(op + "/line", op, {"args": []}, {"x": x}, lambda x: fn(x), gg=True)
        if op != "nanToNum":  # elementwise2.py has them
            add(op + "/special", op, {"args": []}, {"x": SPECIAL}, lambda x: fn(x), diff=[])
        # sin and cos of 1e30 have no digits in f32; exp of it is infinite
        if op not in ("sin", "cos"):
            add(op + "/huge", op, {"args": []}, {"x": HUGE}, lambda x: fn(x), diff=[])
    halves = (np.arange(-9, 10) / 2).astype(np.float32)
    for op, fn in STEPS:
        for name, x in (("halves", halves), ("special", SPECIAL), ("huge", HUGE)):
            add(f"{op}/{name}", op, {"args": []}, {"x": x}, lambda x: fn(x), diff=[])
    for k, o in enumerate(CLAMPS):
        run = lambda x: torch.clamp(x, o.get("min"), o.get("max"))
        add(f"clamp/{k}", "clamp", {"args": [o]}, {"x": FINE + np.float32(0.01)}, run, gg=True)
        add(f"clamp/{k}_special", "clamp", {"args": [o]}, {"x": SPECIAL}, run, diff=[])
    shapes = [([0], 0), ([3, 0, 2], 0), ([], 1), ([1, 70001], 1)]
    for shape, gg in shapes:
        x = normal(f"elementary/{shape}", *shape)
        big = {"diff": []} if np.prod(shape) > 1000 else {"gg": bool(gg)}
        add(f"square/{shape_name(shape)}", "square", {"args": []}, {"x": x}, torch.square, **big)


def far_from_zero(x):
    return np.where(np.abs(x) < 0.25, np.float32(0.5), x).astype(np.float32)


def make_binary(family):
    corners = np.array([0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 1e30, -1e-30], np.float32)
    ca, cb = (v.reshape(-1).copy() for v in np.meshgrid(corners, corners))
    for op, fn in BINARY + SELECT + MODULO:
        for sa, sb in PAIRS + [([2, 3, 5], [3, 1]), ([1, 67], [65, 1])]:
            a, b = normal(f"{op}/a{sa}{sb}", *sa), normal(f"{op}/b{sa}{sb}", *sb)
            if op in ("div", "fmod", "remainder"):
                b = far_from_zero(b)
            if op in ("fmod", "remainder"):
                a = a * np.float32(3)
            # a quotient that jumps has no gradient in b worth comparing near the jump
            diff = ["a"] if op in ("fmod", "remainder") else None
            small = max(len(a.reshape(-1)), len(b.reshape(-1))) < 60
            add = {"gg": True} if small else {}
            family.add(f"{op}/{shape_name(sa, sb)}", op, {"args": []}, {"a": a, "b": b}, lambda a, b: fn(a, b), diff=diff, **add)
        if op not in ("fmod", "remainder"):
            family.add(f"{op}/corners", op, {"args": []}, {"a": ca, "b": cb}, lambda a, b: fn(a, b), diff=[])
    ties = np.array([1, 2, 2, -1, 0.5], np.float32)
    other = np.array([1, 1, 2, -1, 0.75], np.float32)
    for op, fn in SELECT:
        family.add(f"{op}/ties", op, {"args": []}, {"a": ties, "b": other}, lambda a, b: fn(a, b), gg=True)
    plain = corners[~np.isnan(corners)]
    qa, qb = (v.reshape(-1).copy() for v in np.meshgrid(corners, corners))
    for op in COMPARE:
        run = lambda a, b: getattr(torch, op)(a, b).int()
        family.add(f"{op}/corners", op, {"args": []}, {"a": qa, "b": qb}, run, diff=[])
        family.add(f"{op}/broadcast", op, {"args": []}, {"a": np.round(normal(op + "a", 3, 4)), "b": np.round(normal(op + "b", 4))}, run, diff=[])
    for op, fn in (("logicalAnd", torch.logical_and), ("logicalOr", torch.logical_or)):
        family.add(op, op, {"args": []}, {"a": plain[:, None], "b": plain}, lambda a, b: fn(a, b).int(), diff=[])
    family.add("logicalNot", "logicalNot", {"args": []}, {"x": corners}, lambda x: torch.logical_not(x).int(), diff=[])


def make_pow(family):
    base = np.geomspace(0.05, 20, 25).astype(np.float32)
    for e in (0, 1, 2, 3, -1, -2, 0.5, -0.5, 2.7):
        run = lambda a: torch.pow(a, e)
        family.add(f"pow/number{e}", "pow", {"args": [e]}, {"a": base}, run, gg=True)
        if float(e).is_integer():
            below = -base[::3].copy()
            family.add(f"pow/below{e}", "pow", {"args": [e]}, {"a": below}, run, gg=True)
    powers = {"a": base, "b": normal("pow/b", 25)}
    family.add("pow/both", "pow", {"args": []}, powers, lambda a, b: torch.pow(a, b), gg=True)
    wide = {"a": base[:12].reshape(3, 4).copy(), "b": normal("pow/row", 4)}
    family.add("pow/broadcast", "pow", {"args": []}, wide, lambda a, b: torch.pow(a, b), gg=True)
    corners = np.array([0.0, 1, -1, 2, -2, 0.5, np.inf, -np.inf, np.nan], np.float32)
    a, b = (v.reshape(-1).copy() for v in np.meshgrid(corners, corners))
    family.add("pow/corners", "pow", {"args": []}, {"a": a, "b": b}, lambda a, b: torch.pow(a, b), diff=[])


def make_where(family):
    for sc, sa, sb in ([[3, 4], [3, 4], [3, 4]], [[4], [3, 1], [3, 4]], [[3, 1], [], [4]], [[0, 4], [4], [1]]):
        name = shape_name(sc, sa, sb)
        inputs = {
            "cond": rng("where/" + name).randint(0, 2, sc).astype(np.int32),
            "a": normal("where/a" + name, *sa),
            "b": normal("where/b" + name, *sb),
        }
        run = lambda cond, a, b: torch.where(cond != 0, a, b)
        family.add("where/" + name, "where", {"args": []}, inputs, run, gg=True)


def make():
    family = Family("elementary")
    make_unary(family)
    make_binary(family)
    make_pow(family)
    make_where(family)
    family.save()
