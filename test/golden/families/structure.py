# Sums, selections and rearrangements: axes, zero-size axes, odd sizes, an axis of more than 65,535, more than eight pieces.
# Options: args, the op's arguments after the tensors; list: true where the tensors come as one list.
import numpy as np
import torch

from .golden import Family, normal, rng

INF, NAN = np.inf, np.nan
AXES = [None, 0, 1, -1, [0, 2], [1, 2], []]
LONG = 65_537


def name_of(shape, args):
    tail = "".join("_" + str(a).replace("/", "").replace(" ", "") for a in args)
    return ("x".join(map(str, shape)) or "scalar") + tail


def mover(family, op, fn, shape, *args, gg=True, **more):
    name = f"{op}/{name_of(shape, args)}"
    inputs = {"x": normal("structure/" + name, *shape)}
    family.add(name, op, {"args": list(args)}, inputs, lambda x: fn(x, *args), gg=gg, **more)


def folds(family):
    x = normal("structure/fold", 3, 4, 5)
    ties = np.round(x) + np.float32(0)
    lose = {"sum": torch.sum, "mean": torch.mean}
    for op, fn in lose.items():
        for axes in AXES:
            for keep in (False, True):
                dim = list(range(3)) if axes is None else axes
                run = lambda x: fn(x, dim=dim, keepdim=keep)
                name = f"{op}/{'all' if axes is None else axes}_{'keep' if keep else 'drop'}".replace(" ", "")
                args = [axes if axes is not None else [0, 1, 2], keep]
                family.add(name, op, {"args": args}, {"x": x}, run, gg=not keep)
        for shape in ([0], [3, 0], [0, 3], [], [1], [67, 129], [2, 1, 257]):
            if op == "mean" and 0 in shape:
                continue
            mover(family, op, lambda x, axis: fn(x, axis), shape, *([-1] if shape else [0]), gg=bool(np.prod(shape) < 300))
        data = normal(f"structure/{op}/long", LONG)
        family.add(f"{op}/long", op, {"args": []}, {"x": data}, lambda x: fn(x), diff=[])
        far = normal(f"structure/{op}/far", 3, 1000) + np.float32(1e4)
        family.add(f"{op}/far", op, {"args": [1]}, {"x": far}, lambda x: fn(x, 1), diff=[])
        bad = np.array([[1, NAN, 2], [INF, 1, 2], [INF, -INF, 0], [-0.0, -0.0, -0.0], [3e38, -3e38, 1e-30]], np.float32)
        family.add(f"{op}/special", op, {"args": [1]}, {"x": bad}, lambda x: fn(x, 1), diff=[])
    special = np.array([[1, NAN, 2], [-INF, -INF, -INF], [INF, -INF, 0], [1, 1, 1], [-3e38, 3e38, 1e-30]], np.float32)
    for op, fn, best in (("max", torch.amax, torch.max), ("min", torch.amin, torch.min)):
        for axes in (None, 0, -1, [0, 2]):
            dim = [0, 1, 2] if axes is None else axes
            name = f"{op}/{'all' if axes is None else axes}".replace(" ", "")
            # of equal values torch.max(x) and amax share the gradient
            family.add(name, op, {"args": [dim]}, {"x": ties}, lambda x: fn(x, dim=dim), gg=True)
        family.add(f"{op}/special", op, {"args": [1]}, {"x": special}, lambda x: fn(x, dim=1), diff=[])
        for axis in (0, 1, -1):
            run = lambda x: best(x, dim=axis)
            family.add(f"{op}WithIndices/{axis}", op + "WithIndices", {"args": [axis]}, {"x": x}, run, gg=True)
            run = lambda x: getattr(torch, "arg" + op)(x, dim=axis)
            family.add(f"arg{op}/{axis}", "arg" + op, {"args": [axis]}, {"x": x}, run, diff=[])
        run = lambda x: best(x, dim=1)
        family.add(f"{op}WithIndices/special", op + "WithIndices", {"args": [1]}, {"x": special}, run, diff=[])
        data = normal(f"structure/{op}/long", LONG)
        family.add(f"{op}/long", op, {"args": []}, {"x": data}, lambda x: fn(x), diff=[])
        run = lambda x: getattr(torch, "arg" + op)(x, dim=0)
        family.add(f"arg{op}/long", "arg" + op, {"args": [0]}, {"x": data}, run, diff=[])
    for axes in (0, -1, [0, 2]):
        run = lambda x: torch.logsumexp(x, axes)
        family.add(f"logsumexp/{axes}".replace(" ", ""), "logsumexp", {"args": [axes]}, {"x": 3 * x}, run, gg=True)
    rows = np.array([[1, 2, -INF], [-INF, -INF, -INF], [INF, 1, 2], [NAN, 1, 2], [1e4, 1e4 - 1, -1e4]], np.float32)
    family.add("logsumexp/special", "logsumexp", {"args": [1]}, {"x": rows}, lambda x: torch.logsumexp(x, 1), diff=[])
    bits = rng("structure/bits").randint(0, 2, (3, 4)).astype(np.float32)
    bits[1], bits[2] = 0, 1
    for op, fn in (("any", torch.any), ("all", torch.all)):
        family.add(op, op, {"args": [1]}, {"x": bits}, lambda x: fn(x, 1).int(), diff=[])


def shapes(family):
    m = lambda *args, **more: mover(family, *args, **more)
    for shape, to in (((3, 4), [2, 6]), ((3, 4), [-1]), ((2, 3, 4), [4, -1, 2]), ((1,), []), ((0, 3), [3, 0])):
        m("reshape", lambda x, s: x.reshape(s), shape, to, gg=0 not in shape)
    for shape, args in (((2, 3, 4), []), ((2, 3, 4), [1]), ((2, 3, 4), [0, 1]), ((5,), [])):
        m("flatten", lambda x, *a: torch.flatten(x, *a), shape, *args)
    m("unflatten", lambda x, a, s: x.unflatten(a, s), (2, 6), 1, [2, 3])
    m("unflatten", lambda x, a, s: x.unflatten(a, s), (6, 2), 0, [3, -1])
    m("squeeze", lambda x: torch.squeeze(x), (2, 1, 3, 1))
    m("squeeze", lambda x, a: torch.squeeze(x, a), (2, 1, 3, 1), 1)
    for axis in (0, 1, -1):
        m("unsqueeze", lambda x, a: torch.unsqueeze(x, a), (2, 3), axis)
    for shape, axes in (((2, 3, 4), [2, 0, 1]), ((2, 3, 4, 5), [0, 2, 1, 3]), ((33, 65), [1, 0]), ((0, 3), [1, 0])):
        m("permute", lambda x, a: x.permute(a), shape, axes, gg=bool(0 < np.prod(shape) < 300))
    for shape, a, b in (((2, 3, 4), 0, 2), ((2, 3, 4), -1, 1), ((3, 3), 0, 1)):
        m("transpose", lambda x, a, b: x.transpose(a, b), shape, a, b)
    m("slice", lambda x, a, s, e: x[s:e], (7, 3), 0, 2, 5)
    m("slice", lambda x, a, s, e, k: x[:, s:e:k], (3, 9), 1, 1, 8, 3)
    m("slice", lambda x, a, s, e: x[..., s:e], (3, 9), -1, -4, None)
    m("slice", lambda x, a, s, e, k: x.flip(1)[:, ::2], (3, 9), 1, None, None, -2)
    m("slice", lambda x, a, s, e: x[5:2], (7, 3), 0, 5, 2, gg=False)
    m("narrow", torch.narrow, (7, 3), 0, 2, 4)
    m("narrow", torch.narrow, (3, 7), 1, 0, 0, gg=False)
    for axis, index in ((0, 2), (1, -1), (-1, 0)):
        m("select", torch.select, (3, 4, 5), axis, index)
    m("split", torch.split, (7, 3), 3, gg=True)
    m("split", torch.split, (3, 7), [2, 0, 5], 1)
    m("chunk", torch.chunk, (7, 3), 3)
    m("chunk", torch.chunk, (3, 8), 4, 1)
    for shape, axes in (((5,), 0), ((3, 4, 5), [0, 2]), ((3, 4), [1]), ((0, 3), [0, 1])):
        m("flip", lambda x, a: torch.flip(x, a if isinstance(a, list) else [a]), shape, axes, gg=0 not in shape)
    for shape, to in (((3, 1), [3, 4]), ((1,), [2, 3, 1]), ((2, 1, 3), [-1, 4, -1]), ((1, 3), [0, 3]), ((), [2, 2])):
        m("expand", lambda x, s: x.expand(s), shape, to, gg=0 not in to, rule="sums")
    for shape, counts in (((2, 3), [2, 1]), ((3,), [2, 3]), ((2, 3), [0, 2])):
        m("repeat", lambda x, c: x.repeat(c), shape, counts, gg=0 not in counts)
    m("slice", lambda x, a, s, e, k: x[s:e:k], (LONG + 3,), 0, 1, LONG, 2, gg=False, diff=[])
    m("flip", lambda x, a: x.flip(a), (LONG,), 0, gg=False, diff=[])
    m("permute", lambda x, a: x.permute(a), (LONG, 2), [1, 0], gg=False, diff=[])
    m("pad", lambda x, p: torch.nn.functional.pad(x, p), (3, 4), [1, 2])
    m("pad", lambda x, p, v: torch.nn.functional.pad(x, p, value=v), (3, 4), [1, 0, -1, 2], 1.5)


def joins(family):
    def join(op, fn, name, pieces, axis, gg=True, **more):
        inputs = {f"x{i}": normal(f"{op}/{name}/{i}", *s) for i, s in enumerate(pieces)}
        run = lambda **x: fn(list(x.values()), axis)
        family.add(f"{op}/{name}", op, {"list": True, "args": [axis]}, inputs, run, gg=gg, **more)

    join("cat", torch.cat, "rows", [(2, 3), (1, 3), (4, 3)], 0)
    join("cat", torch.cat, "columns", [(3, 2), (3, 5)], 1)
    join("cat", torch.cat, "empty", [(2, 3), (0, 3), (1, 3)], 0, gg=False)
    join("cat", torch.cat, "eleven", [(2, k % 3 + 1, 3) for k in range(11)], 1)
    join("cat", torch.cat, "nineteen", [(k % 4, 2) for k in range(19)], 0, gg=False)
    join("cat", torch.cat, "long", [(LONG,), (3,)], 0, gg=False, diff=[])
    join("stack", torch.stack, "three", [(2, 3)] * 3, 0)
    join("stack", torch.stack, "last", [(2, 3)] * 2, -1)
    join("stack", torch.stack, "ten", [(3,)] * 10, 1)
    join("stack", torch.stack, "scalars", [()] * 4, 0)


def indexed(family):
    for axis, shape in ((0, (5, 3)), (1, (2, 6, 3)), (-1, (2, 3, 4))):
        n = shape[axis]
        at = rng(f"structure/at{axis}").randint(0, n, 7).astype(np.int32)
        at[1] = at[0]
        x = normal(f"structure/indexSelect{axis}", *shape)
        run = lambda x, index: x.index_select(axis, index)
        family.add(f"indexSelect/{axis}", "indexSelect", {"axis": axis}, {"x": x, "index": at}, run, gg=True)
        sizes = list(shape)
        sizes[axis] = 7
        src = normal(f"structure/indexAdd{axis}", *sizes)
        run = lambda x, index, src: x.index_add(axis, index, src)
        family.add(f"indexAdd/{axis}", "indexAdd", {"axis": axis}, {"x": x, "index": at, "src": src}, run, gg=True)
        index = rng(f"structure/scatter{axis}").randint(0, n, sizes).astype(np.int32)
        run = lambda x, index, src: x.scatter_add(axis, index, src)
        family.add(f"scatterAdd/{axis}", "scatterAdd", {"axis": axis}, {"x": x, "index": index, "src": src}, run, gg=True)
    # Every row of a long gradient lands on one of three: sums of thousands of terms.
    at = (np.arange(20_000) % 3).astype(np.int32)
    inputs = {"x": np.zeros(3, np.float32), "index": at, "src": normal("structure/many", 20_000)}
    run = lambda x, index, src: x.index_add(0, index, src)
    family.add("indexAdd/many", "indexAdd", {"axis": 0}, inputs, run, diff=["x"])


def make():
    family = Family("structure")
    folds(family)
    shapes(family)
    joins(family)
    indexed(family)
    family.save()
