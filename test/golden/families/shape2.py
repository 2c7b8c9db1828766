# The rarer rearrangements: diagonals, triangles, rolling, repeats, grids, masks, writing by index. Several results are
# several outputs.
import numpy as np
import torch

from .golden import Family, normal, pair, rng


def integers(name, low, high, *shape):
    return rng("shape2/" + name).randint(low, high, shape).astype(np.int32)


def mover(family, op, fn, shape, *args, gg=True):
    """`args` are the op's arguments after the tensor, as wgrad takes them."""
    name = f"{op}/" + "x".join(map(str, shape)) + "".join("_" + str(a).replace("/", "") for a in args)
    family.add(name, op, {"args": list(args)}, {"x": normal(name, *shape)}, lambda x: fn(x, *args), gg=gg)


def diagonals(options):
    return options.get("offset", 0), options.get("axis1", 0), options.get("axis2", 1)


def embeds(options):
    return options.get("offset", 0), options.get("axis1", -2), options.get("axis2", -1)


def make_movers(family):
    for shape, *args in [
        ((3, 4),),
        ((4, 3), {"offset": 1}),
        ((4, 3), {"offset": -2}),
        ((4, 3), {"offset": 7}),
        ((2, 3, 4), {"axis1": -2, "axis2": -1, "offset": 1}),
        ((2, 3, 4), {"axis1": 2, "axis2": 0}),
    ]:
        mover(family, "diagonal", lambda x, o={}: torch.diagonal(x, *diagonals(o)), shape, *args)
    for shape, *args in [
        ((3,),),
        ((2, 3), {"offset": 1}),
        ((2, 3), {"offset": -2, "axis1": 0, "axis2": 2}),
        ((2, 3), {"axis1": 1, "axis2": 0, "offset": 1}),
    ]:
        mover(family, "diagEmbed", lambda x, o={}: torch.diag_embed(x, *embeds(o)), shape, *args)
    for shape, k in [((3,), 0), ((3,), -1), ((3, 4), 1), ((4, 3), -2)]:
        mover(family, "diag", torch.diag, shape, k)
    for op in ["tril", "triu"]:
        for shape, k in [((3, 4), 0), ((4, 3), 1), ((2, 5, 5), -2), ((33, 17), 3), ((0, 3), 0)]:
            mover(family, op, getattr(torch, op), shape, k)
    for shape, *args in [
        ((5,), 2),
        ((3, 4), 5),
        ((3, 4), -5, 1),
        ((3, 4, 5), [1, -2], [0, 2]),
        ((3, 4, 5), [1, 2, 3], [0, 1, 2]),
        ((5,), [1, 1], [0, 0]),
    ]:
        mover(family, "roll", lambda x, s, a=None: torch.roll(x, pair(s), () if a is None else pair(a)), shape, *args)
    for shape, a, b in [((2, 3, 4), 0, 2), ((2, 3, 4), [0, 1], [1, 2]), ((2, 3, 4, 5), [3, 0], [0, 1])]:
        mover(family, "movedim", lambda x, a, b: torch.movedim(x, pair(a), pair(b)), shape, a, b)
    for shape, counts in [((2, 3), [2]), ((2, 3), [2, 1, 3]), ((2, 3), [0, 2])]:
        mover(family, "tile", lambda x, c: torch.tile(x, tuple(c)), shape, counts, gg=0 not in counts)
    repeats = lambda x, r, a=None: torch.repeat_interleave(x, torch.tensor(r) if isinstance(r, list) else r, a)
    for shape, *args in [((2, 3), 2), ((2, 3), 3, 0), ((2, 3), [2, 0, 1], 1), ((3,), [1, 2, 3])]:
        mover(family, "repeatInterleave", repeats, shape, *args)
    for shape, *args in [((3, 4),), ((3, 4), 1), ((2, 3, 4), -2)]:
        mover(family, "unbind", lambda x, a=0: torch.unbind(x, a), shape, *args)


def make_stacks(family):
    for op, groups in {
        "hstack": [[(3,), (4,)], [(2, 3), (2, 1)], [(2, 1, 2), (2, 3, 2)]],
        "vstack": [[(3,), (3,)], [(2, 3), (3,)], [(2, 3, 2), (1, 3, 2)]],
    }.items():
        for k, shapes in enumerate(groups):
            inputs = {f"x{i}": normal(f"{op}{k}{i}", *s) for i, s in enumerate(shapes)}
            fn = lambda op=op, **x: getattr(torch, op)(list(x.values()))
            family.add(f"{op}/{k}", op, {"args": []}, inputs, fn, gg=True)
    for k, shapes in enumerate([[(3,)], [(3,), (4,)], [(3,), (2,), (4,)]]):
        for indexing in ["ij", "xy"]:
            inputs = {f"x{i}": normal(f"mesh{k}{i}", *s) for i, s in enumerate(shapes)}
            fn = lambda indexing=indexing, **x: torch.meshgrid(*x.values(), indexing=indexing)
            family.add(f"meshgrid/{k}_{indexing}", "meshgrid", {"args": [{"indexing": indexing}]}, inputs, fn, gg=True)


def make_indexed(family):
    for k, (shape, mask, value) in enumerate(
        [((3, 5), (3, 5), 2.5), ((2, 3, 5), (5,), float("-inf")), ((2, 3), (2, 1), float("nan"))]
    ):
        inputs = {"x": normal(f"mask{k}", *shape), "mask": integers(f"mask{k}", 0, 2, *mask)}
        fn = lambda x, mask, value=value: x.masked_fill(mask.bool(), value)
        # JSON has neither infinities nor NaN
        family.add(f"maskedFill/{k}", "maskedFill", {"value": str(value)}, inputs, fn, gg=True)
        fn = lambda x, mask: torch.masked_select(x, mask.bool())
        family.add(f"maskedSelect/{k}", "maskedSelect", {}, inputs, fn)
    for k, (shape, axis, index) in enumerate([((5,), 0, 3), ((3, 5), 1, 4), ((6, 5), 0, 4), ((4, 9, 3), -2, 5)]):
        sizes = list(shape)
        sizes[axis] = index
        # Different along the axis: what equal indices do PyTorch leaves open.
        at = rng(f"shape2/scatter{k}").rand(*shape).argsort(axis).take(range(index), axis).astype(np.int32)
        inputs = {"x": normal(f"scatter{k}", *shape), "index": at, "src": normal(f"src{k}", *sizes)}
        fn = lambda x, index, src, axis=axis: x.scatter(axis, index, src)
        family.add(f"scatter/{k}", "scatter", {"axis": axis}, inputs, fn, gg=True)
        del inputs["src"]
        fn = lambda x, index, axis=axis: x.scatter(axis, index, 2.5)
        family.add(f"scatter/{k}_value", "scatter", {"axis": axis, "value": 2.5}, inputs, fn, gg=True)
    for k, (shape, axis, index) in enumerate(
        [((3, 5), 1, (3, 4)), ((3, 5), 1, (1, 4)), ((3, 1), 0, (4, 5)), ((2, 3), None, (2, 2))]
    ):
        high = shape[axis] if axis is not None else 6
        inputs = {"x": normal(f"take{k}", *shape), "index": integers(f"take{k}", 0, high, *index)}
        options = {} if axis is None else {"axis": axis}
        fn = lambda x, index, axis=axis: torch.take_along_dim(x, index, axis)
        family.add(f"takeAlongDim/{k}", "takeAlongDim", options, inputs, fn, gg=True)


def make():
    family = Family("shape2")
    make_movers(family)
    make_stacks(family)
    make_indexed(family)
    family.save()
