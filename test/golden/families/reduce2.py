# Products, norms, running folds, sorting, order statistics, histograms: axes, ties, zeros, infinities, NaN, empty axes.
import numpy as np
import torch

from .golden import Family, normal, rng

NAN, INF = np.nan, np.inf
AXES = [None, [0], [1], [-1], [0, 2], [1, 2]]


def label(axes):
    return "all" if axes is None else ",".join(map(str, axes))


def over(axes, x):
    return list(range(x.dim())) if axes is None else axes


def product(x, axes, keepdim):
    if axes is None:
        return x.prod()
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        x = x.prod(axis, keepdim=keepdim)
    return x


def make_reductions(family):
    x = normal("reduce2/x", 3, 4, 5)
    zeros = x.copy()
    zeros[0, 1, 2] = zeros[1, 1, 2] = zeros[2, 0, 0] = zeros[2, 0, 3] = 0
    ties = np.round(x) + np.float32(0)  # no -0: which of two zeros is the larger PyTorch leaves to its loops
    for axes in AXES:
        for keepdim in (False, True):
            o = {"keepdim": keepdim, **({} if axes is None else {"axes": axes})}
            if axes is None and keepdim:
                continue
            tail = f"{label(axes)}/{'keep' if keepdim else 'drop'}"
            for kind, data in (("plain", x), ("zeros", zeros)):
                run = lambda x: product(x, axes, keepdim)
                family.add(f"prod/{kind}/{tail}", "prod", o, {"x": data}, run, gg=not (keepdim or (axes is None and kind == "zeros")))
            for op, fn in (("amax", torch.amax), ("amin", torch.amin)):
                run = lambda x: fn(x, dim=over(axes, x), keepdim=keepdim)
                family.add(f"{op}/{tail}", op, o, {"x": ties}, run, gg=not keepdim)
            run = lambda x: torch.count_nonzero(x, dim=over(axes, x))
            if not keepdim:
                family.add(f"countNonzero/{tail}", "countNonzero", o, {"x": zeros}, run, diff=[])
    for p in (0, 0.5, 1, 1.5, 2, 3, INF, -INF):
        for axes in (None, [1], [0, 2]):
            o = {"p": str(p), **({} if axes is None else {"axes": axes})}
            run = lambda x: torch.linalg.vector_norm(x, p, dim=over(axes, x))
            diff = [] if p == 0 else None
            family.add(f"norm/{p}/{label(axes)}", "norm", o, {"x": x}, run, diff=diff, gg=p != 0)
    flat = np.zeros((2, 3), np.float32)
    flat[1] = [1, 0, -2]
    for p in (1, 2, 3, INF):
        run = lambda x: torch.linalg.vector_norm(x, p, dim=1)
        family.add(f"norm/{p}/zeros", "norm", {"p": str(p), "axes": [1]}, {"x": flat}, run)
    bad = np.array([[1, NAN, 2], [1, -INF, 2]], np.float32)
    for p in (1, 2, 3, INF, -INF):
        run = lambda x: torch.linalg.vector_norm(x, p, dim=1)
        family.add(f"norm/{p}/special", "norm", {"p": str(p), "axes": [1]}, {"x": bad}, run, diff=[])


RUNNING = [
    ("cumsum", torch.cumsum),
    ("cumprod", torch.cumprod),
    ("logcumsumexp", torch.logcumsumexp),
    ("cummax", torch.cummax),
    ("cummin", torch.cummin),
]


def make_running(family):
    x = normal("running/x", 3, 4, 5)
    zeros = x.copy()
    zeros[0, 1, 2] = zeros[1, 1, 2] = zeros[2, 0, 0] = zeros[2, 0, 3] = 0
    special = np.array([[1, -INF, 3, 2], [-INF, -INF, 1, 0], [2, NAN, 5, NAN], [1, INF, 2, INF]], np.float32)
    long = normal("running/long", 2, 1100) * np.float32(0.5)
    near = (1 + 0.02 * normal("running/near", 2, 1100)).astype(np.float32)
    for op, fn in RUNNING:
        for axis in (0, 1, -1):
            run = lambda x: fn(x, axis)
            family.add(f"{op}/axis{axis}", op, {"axis": axis}, {"x": x}, run, gg=True)
        family.add(f"{op}/zeros", op, {"axis": 1}, {"x": zeros}, lambda x: fn(x, 1), gg=True)
        family.add(f"{op}/ties", op, {"axis": 2}, {"x": np.round(x)}, lambda x: fn(x, 2), gg=op != "cumprod")
        data = near if op == "cumprod" else long
        family.add(f"{op}/long", op, {"axis": 1}, {"x": data}, lambda x: fn(x, 1))
        family.add(f"{op}/long0", op, {"axis": 0}, {"x": data.T.copy()}, lambda x: fn(x, 0))
        family.add(f"{op}/empty", op, {"axis": 1}, {"x": x[:, :0]}, lambda x: fn(x, 1), diff=[])
        if op != "cumprod":
            family.add(f"{op}/special", op, {"axis": 1}, {"x": special}, lambda x: fn(x, 1), diff=[])
    big = np.array([[-1e4, 1e4, 80, 200], [1e4, -1e4, -80, 1e4]], np.float32)
    family.add("logcumsumexp/far", "logcumsumexp", {"axis": 1}, {"x": big}, lambda x: torch.logcumsumexp(x, 1), diff=[])


def make_sorting(family):
    x = normal("sorting/x", 3, 7, 5)
    ties = np.round(2 * x)
    long = np.round(100 * normal("sorting/long", 3, 200))
    special = np.array([[1, NAN, -INF, 3, INF, NAN, 0.0, -0.0]], np.float32)
    for kind, data, axes in (("plain", x, (0, 1, -1)), ("ties", ties, (1,)), ("long", long, (0, 1)), ("special", special, (1,))):
        for axis in axes:
            for down in (False, True):
                o = {"axis": axis, "descending": down}
                name = f"{kind}/axis{axis}/{'down' if down else 'up'}"
                run = lambda x: torch.sort(x, dim=axis, descending=down, stable=True)
                diff = [] if kind == "special" else None
                family.add(f"sort/{name}", "sort", o, {"x": data}, run, diff=diff, gg=kind == "plain")
                run = lambda x: torch.sort(x, dim=axis, descending=down, stable=True)[1]
                family.add(f"argsort/{name}", "argsort", o, {"x": data}, run, diff=[])
    for axis in (0, 1, -1):
        for k in (1, 3):
            for largest in (True, False):
                o = {"k": k, "axis": axis, "largest": largest}
                run = lambda x: torch.topk(x, k, dim=axis, largest=largest)
                family.add(f"topk/axis{axis}/{k}/{largest}", "topk", o, {"x": x}, run, gg=k == 3)
    run = lambda x: torch.topk(x, 4, dim=1)[0]
    family.add("topk/special", "topk", {"k": 4, "axis": 1}, {"x": special}, run, diff=[])


def make_order(family):
    x = normal("order/x", 3, 6, 5)
    special = np.array([[1, NAN, 2, NAN], [4, 3, 2, 1], [-INF, 0, INF, 1]], np.float32)
    family.add("median/odd", "median", {}, {"x": x[:, :3]}, lambda x: torch.median(x), gg=True)
    family.add("median/even", "median", {}, {"x": x}, lambda x: torch.median(x), gg=True)
    family.add("median/ties", "median", {}, {"x": np.round(x) + np.float32(0)}, lambda x: torch.median(x), gg=True)
    family.add("median/nan", "median", {}, {"x": special}, lambda x: torch.median(x))
    for axis in (0, 1, -1):
        for keepdim in (False, True):
            o = {"axis": axis, "keepdim": keepdim}
            run = lambda x: torch.median(x, dim=axis, keepdim=keepdim)
            name = f"axis{axis}/{'keep' if keepdim else 'drop'}"
            family.add(f"medianWithIndices/{name}", "medianWithIndices", o, {"x": x}, run, gg=True)
            for q in (0.0, 0.3, 1.0, [0.1, 0.5, 0.77]):
                put = {**o, "q": q}
                run = lambda x: torch.quantile(x, torch.tensor(q), dim=axis, keepdim=keepdim)
                family.add(f"quantile/{q}/{name}", "quantile", put, {"x": x}, run, gg=True)
    o = {"axis": 1, "keepdim": False}
    run = lambda x: torch.median(x, dim=1)
    family.add("medianWithIndices/nan", "medianWithIndices", o, {"x": special}, run)
    family.add("quantile/all", "quantile", {"q": 0.6}, {"x": x}, lambda x: torch.quantile(x, 0.6), gg=True)
    run = lambda x: torch.quantile(x, 0.4, dim=1)
    family.add("quantile/special", "quantile", {"q": 0.4, "axis": 1}, {"x": special[:2]}, run, diff=[])


def make_histograms(family):
    ids = rng("hist/ids").randint(0, 9, 50).astype(np.int32)
    weights = normal("hist/weights", 50)
    run = lambda x: torch.bincount(x, minlength=12)
    family.add("bincount/plain", "bincount", {"length": 12}, {"x": ids}, run, diff=[])
    run = lambda x, weights: torch.bincount(x, weights, minlength=12)
    family.add("bincount/weights", "bincount", {"length": 12}, {"x": ids, "weights": weights}, run, diff=[])
    # Multiples of 1/8: every bin is decided without rounding.
    x = (rng("hist/x").randint(-16, 17, (5, 20)) / 8).astype(np.float32)
    same = np.full(7, 1.5, np.float32)
    for name, data, o in (
        ("data", x, {"bins": 8}),
        ("range", x, {"bins": 4, "min": -1, "max": 1}),
        ("default", x, {}),
        ("same", same, {"bins": 4}),
        ("point", x, {"bins": 4, "min": 1, "max": 1}),
    ):
        family.add(f"histc/{name}", "histc", o, {"x": data}, lambda x: torch.histc(x, **o), diff=[])


def make():
    family = Family("reduce2")
    make_reductions(family)
    make_running(family)
    make_sorting(family)
    make_order(family)
    make_histograms(family)
    family.save()
