# What the other files have no case of, or none with gradients of gradients: further losses and poolings, ctc written out (PyTorch
# differentiates its own once only), bordered convolutions, sizes that no tile divides, an axis of more than 65,535, huge and
# tiny values.
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal, pair
from .loss2 import classes, reduced, uniform

REDUCTIONS = ["mean", "sum", "none"]
MODES = ["reflect", "replicate", "circular"]


def losses(family):
    def each(op, name, fn, inputs, diff=None, **options):
        for r in REDUCTIONS:
            run = lambda **x: fn(**x, reduction=r)
            family.add(f"{op}/{name}_{r}", op, {**options, "reduction": r}, inputs, run, diff=diff, gg=True)

    x, y = normal("twice/x", 5, 4), normal("twice/y", 5, 4)
    both = {"x": x, "y": y}
    each("l1", "plain", lambda x, y, **o: F.l1_loss(x, y, **o), both)
    for delta in (1.0, 0.3):
        run = lambda x, y, reduction: F.huber_loss(x, y, delta=delta, reduction=reduction)
        each("huber", str(delta), run, both, delta=delta)
    p = uniform("twice/p", 0.05, 0.95, 5, 4)
    soft = uniform("twice/t", 0, 1, 5, 4)
    # Off 0 and 1, where the logarithm is capped.
    entropy = lambda x, y, reduction: reduced(-(y * x.log() + (1 - y) * (1 - x).log()), reduction)
    each("bce", "plain", entropy, {"x": p, "y": soft})
    labels = classes("twice/labels", 4, 5)

    def margins(x, labels, p, reduction):
        own = x.gather(1, labels[:, None])
        terms = (1 - own + x).clamp(min=0) ** p
        mask = torch.ones_like(x).scatter(1, labels[:, None], 0)
        return reduced((terms * mask).sum(1) / x.shape[1], reduction)

    for k in (1, 2):
        run = lambda x, labels, reduction: margins(x, labels, k, reduction)
        each("multiMargin", f"p{k}", run, {"x": x, "labels": labels}, diff=["x"], p=k)

    def info_nce(a, b, reduction, temperature=0.5):
        z = F.normalize(a) @ F.normalize(b).T / temperature
        return F.cross_entropy(z, torch.arange(len(a)), reduction=reduction)

    each("infoNce", "plain", info_nce, {"a": x, "b": y})
    m, t = uniform("twice/m", 0, 1, 2, 3, 4, 5), classes("twice/mt", 2, 2, 3, 4, 5).astype(np.float32)

    def generalized(x, y, reduction, smooth=1e-5):
        p, q = x.flatten(2), y.flatten(2)
        both, sizes, volume = (p * q).sum(-1), p.sum(-1) + q.sum(-1), q.sum(-1)
        w = 1 / volume.square()
        return reduced(1 - (2 * (w * both).sum(1) + smooth) / ((w * sizes).sum(1) + smooth), reduction)

    each("generalizedDice", "plain", generalized, {"x": m, "y": t}, diff=["x"])

    def focal(x, labels, gamma, reduction):
        logp = F.log_softmax(x, 1)
        return F.nll_loss((1 - logp.exp()) ** gamma * logp, labels, reduction=reduction)

    for gamma in (0, 2):
        run = lambda x, labels, reduction: focal(x, labels, gamma, reduction)
        each("softmaxFocal", str(gamma), run, {"x": x, "labels": labels}, diff=["x"], gamma=gamma)


def boxes(family):
    def box_iou(a, b):
        area = lambda t: (t[..., 2] - t[..., 0]) * (t[..., 3] - t[..., 1])
        p, q = a[:, None], b[None]
        size = (torch.minimum(p[..., 2:], q[..., 2:]) - torch.maximum(p[..., :2], q[..., :2])).clamp(min=0)
        both = size.prod(-1)
        return both / (area(p) + area(q) - both)

    a, b = uniform("twice/boxA", 0, 2, 5, 4), uniform("twice/boxB", 0, 2, 4, 4)
    for t in (a, b):
        t[:, 2:] += t[:, :2] + np.float32(0.2)
    b[1] += 9
    family.add("boxIou", "boxIou", {}, {"a": a, "b": b}, box_iou, gg=True)


def ctc(family):
    def run(x, targets, steps, widths, blank=0):
        logp, all = F.log_softmax(x, 2), []
        for n, (t, w) in enumerate(zip(steps, widths)):
            labels = [blank]
            for k in targets[n, :w].tolist():
                labels += [k, blank]
            never = torch.tensor(-1e30)
            walk = [logp[0, n, k] if s < 2 else never for s, k in enumerate(labels)]
            for i in range(1, t):
                walk = [
                    torch.logsumexp(
                        torch.stack(
                            [walk[s]]
                            + ([walk[s - 1]] if s > 0 else [])
                            + ([walk[s - 2]] if s > 1 and k != blank and k != labels[s - 2] else [])
                        ),
                        0,
                    )
                    + logp[i, n, k]
                    for s, k in enumerate(labels)
                ]
            all.append(-torch.logsumexp(torch.stack(walk[-2:]), 0) / max(1, w))
        return torch.stack(all).mean()

    for name, (t, n, c), steps, widths in (
        ("plain", (5, 2, 4), [5, 4], [2, 1]),
        ("longer", (9, 2, 5), [9, 7], [3, 4]),
        ("repeats", (7, 1, 3), [7], [3]),
    ):
        targets = classes("twice/ctc" + name, c - 1, n, max(widths)) + 1
        if name == "repeats":
            targets[:] = 1
        inputs = {"x": normal("twice/ctc/" + name, t, n, c), "targets": targets.astype(np.int32)}
        fn = lambda x, targets: run(x, targets, steps, widths)
        family.add("ctc/" + name, "ctc", {"steps": steps, "widths": widths}, inputs, fn, diff=["x"], gg=True)


def pools(family):
    def pool(op, name, fn, shape, gg=True, **options):
        full = f"{op}/{name}"
        family.add(full, op, options, {"x": normal("twice/" + full, *shape)}, fn, gg=gg)

    for size in (3, 1, 9):
        pool("adaptiveAvgPool1d", str(size), lambda x: F.adaptive_avg_pool1d(x, size), (2, 3, 7), outputSize=size)
        best = lambda x: F.adaptive_max_pool1d(x, size, return_indices=True)
        pool("adaptiveMaxPool1d", str(size), best, (2, 3, 7), outputSize=size)
    best = lambda x: F.adaptive_max_pool3d(x, (2, 3, 2), return_indices=True)
    pool("adaptiveMaxPool3d", "plain", best, (2, 2, 5, 4, 3), outputSize=[2, 3, 2])
    pool("globalAvgPool", "plain", lambda x: x.mean((2, 3), keepdim=True), (2, 3, 5, 7))
    pool("globalMaxPool", "plain", lambda x: x.amax((2, 3), keepdim=True), (2, 3, 5, 7))
    pool("avgPool2d", "empty", lambda x: F.avg_pool2d(x, 2), (0, 3, 4, 4), gg=False, kernelSize=2)
    pool("softmax", "empty", lambda x: F.softmax(x, 1), (0, 5), gg=False, axis=1)
    pool("avgPool1d", "long", lambda x: F.avg_pool1d(x, 7, 5), (1, 1, 65_601), gg=False, kernelSize=7, stride=5)
    rows = np.array([[-np.inf] * 6, [np.nan, 1, 2, 3, 4, 5], [1, -np.inf, np.inf, 2, np.nan, 0]], np.float32)
    best = lambda x: F.max_pool1d(x, 2, return_indices=True)
    family.add("maxPool1d/infinite", "maxPool1d", {"kernelSize": 2}, {"x": rows[None]}, best, diff=[])
    ties = np.array([[[0.0, -0.0, -0.0, 0.0, 2, 2]]], np.float32)  # the first of equal values, its sign with it
    family.add("maxPool1d/zeros", "maxPool1d", {"kernelSize": 2}, {"x": ties}, best)
    x = np.array([[0.0, -0.0, 1, -0.0, 0.0, 1]], np.float32)
    for down in (False, True):
        run = lambda x: torch.sort(x, dim=1, descending=down, stable=True)
        family.add(f"sort/zeros_{down}", "sort", {"axis": 1, "descending": down}, {"x": x}, run, diff=[])


def products(family):
    for a, b in (([67, 65], [65, 131]), ([130, 33], [33, 1]), ([1, 257], [257, 67]), ([3, 19, 35], [3, 35, 21]), ([4, 0], [0, 5])):
        name = "matmul/" + "x".join(map(str, a)) + "_" + "x".join(map(str, b))
        inputs = {"a": normal("twice/a" + name, *a), "b": normal("twice/b" + name, *b)}
        gg = bool(np.prod(a) < 100)
        family.add(name, "matmul", {}, inputs, lambda a, b: a @ b, gg=gg)
    for name, scale in (("huge", 1e15), ("tiny", 1e-15), ("mixed", None)):
        a, b = normal("twice/a" + name, 5, 37), normal("twice/b" + name, 37, 6)
        if scale is None:
            a[:, ::2] *= np.float32(1e12)
            b[::2] *= np.float32(1e-12)
        else:
            a, b = a * np.float32(scale), b * np.float32(scale)
        family.add("matmul/" + name, "matmul", {}, {"a": a, "b": b}, lambda a, b: a @ b)
    for x, w, bias in (([3, 5], [4, 5], True), ([2, 3, 7], [1, 7], True), ([65, 33], [67, 33], True), ([0, 5], [4, 5], True), ([5], [4, 5], False)):
        name = "linear/" + "x".join(map(str, x)) + "_" + "x".join(map(str, w))
        inputs = {"x": normal("twice/x" + name, *x), "weight": normal("twice/w" + name, *w)}
        if bias:
            inputs["bias"] = normal("twice/b" + name, w[0])
        fn = lambda x, weight, bias=None: F.linear(x, weight, bias)
        family.add(name, "linear", {}, inputs, fn, gg=bool(0 < np.prod(x) < 100))
    x = normal("twice/prelu", 3, 4, 5)
    for n in (1, 4):
        family.add(f"prelu/{n}", "prelu", {}, {"x": x, "weight": normal(f"twice/prelu{n}", n)}, F.prelu, gg=False)
        # PyTorch 1.13's own second gradient of prelu is wrong for a weight per channel: the formula instead
        wide = lambda x, weight: torch.where(x > 0, x, weight.view(-1, 1) * x)
        family.add(f"prelu/{n}_twice", "prelu", {}, {"x": x, "weight": normal(f"twice/prelu{n}", n)}, wide, gg=True)


FUNCTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def convolutions(family):
    def conv(name, x, weight, bias=True, gg=False, scale=1.0, **options):
        axes = len(x) - 2
        full = f"conv{axes}d/{name}"
        inputs = {
            "x": normal("twice/" + full, *x) * np.float32(scale),
            "weight": normal("twice/w" + full, *weight),
        }
        if bias:
            inputs["bias"] = normal("twice/b" + full, weight[0]) * np.float32(scale)
        o = dict(options)
        mode = o.pop("paddingMode", None)

        def fn(x, weight, bias=None):
            if mode is None:
                return FUNCTIONS[axes](x, weight, bias, **{k: pair(v) for k, v in o.items()})
            given = o.get("padding", 0)
            kernel, dilation = weight.shape[2:], o.get("dilation", 1)
            pads = []
            for k in reversed(range(axes)):
                total = dilation * (kernel[k] - 1)
                both = [total // 2, total - total // 2] if given == "same" else [given, given]
                pads += both
            rest = {k: v for k, v in o.items() if k != "padding"}
            return FUNCTIONS[axes](F.pad(x, pads, mode), weight, bias, **rest)

        family.add(full, f"conv{axes}d", options, inputs, fn, gg=gg)

    for k, mode in enumerate(MODES):
        twice = {"paddingMode": mode, "gg": True}
        conv(f"{mode}_p1", (2, 2, 5, 6), (3, 2, 3, 3), padding=1, **twice)
        conv(f"{mode}_p2_s2", (1, 4, 7, 6), (4, 2, 3, 2), padding=2, stride=2, groups=2, paddingMode=mode)
        conv(f"{mode}_same_d2", (1, 3, 7, 6), (3, 1, 3, 3), padding="same", dilation=2, groups=3, paddingMode=mode)
        conv(f"{mode}_same_even", (2, 2, 6, 5), (3, 2, 2, 4), padding="same", bias=False, paddingMode=mode)
        conv(f"{mode}_p2", (2, 3, 8), (4, 3, 5), padding=2, **twice)
        conv(f"{mode}_same_s1", (1, 2, 7), (2, 2, 4), padding="same", paddingMode=mode)
        conv(f"{mode}_p1", (1, 2, 3, 4, 3), (2, 2, 3, 3, 3), padding=1, **twice)
        conv(f"{mode}_depthwise", (1, 4, 3, 4, 3), (4, 1, 2, 3, 2), padding=1, stride=2, groups=4, paddingMode=mode)
    conv("channels_33_35", (1, 33, 5, 7), (35, 33, 3, 3), padding=1)
    conv("channels_17_67_1x1", (2, 17, 5, 3), (67, 17, 1, 1))
    conv("plane_37x19", (1, 3, 37, 19), (5, 3, 3, 3), padding=1)
    conv("depthwise_plane_21x35", (1, 5, 21, 35), (5, 1, 3, 3), padding=1, groups=5)
    conv("depthwise_s2_d2", (2, 3, 15, 13), (3, 1, 3, 3), padding=2, stride=2, dilation=2, groups=3, gg=True)
    conv("groups_of_3", (2, 9, 6, 5), (6, 3, 2, 3), groups=3, gg=True)
    conv("empty_batch", (0, 2, 5, 5), (3, 2, 3, 3))
    conv("huge", (1, 3, 6, 5), (2, 3, 3, 3), padding=1, scale=1e20)
    conv("tiny", (1, 3, 6, 5), (2, 3, 3, 3), padding=1, scale=1e-20)
    conv("long_row", (1, 1, 1, 65_601), (1, 1, 1, 3), stride=4, bias=False)
    conv("long", (1, 1, 65_601), (2, 1, 5), stride=9)


def make():
    family = Family("twice")
    losses(family)
    boxes(family)
    ctc(family)
    pools(family)
    products(family)
    convolutions(family)
    family.save()
