# Losses, softmax and logSoftmax. reduction defaults to "mean"; class axis is 1. Class indices are I32.
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal, rng

REDUCTIONS = ["mean", "sum", "none"]


def classes(name, c, *shape):
    return rng("loss/" + name).randint(0, c, shape).astype(np.int32)


def cross_entropy(family, name, x, target, weight=None, gg=False, **options):
    inputs = {"x": x, "target": target}
    if weight is not None:
        inputs["weight"] = weight

    def fn(x, target, weight=None):
        return F.cross_entropy(
            x,
            target,
            weight,
            reduction=options.get("reduction", "mean"),
            ignore_index=options.get("ignoreIndex", -100),
            label_smoothing=options.get("labelSmoothing", 0.0),
        )

    diff = ["x", "target"] if target.dtype == np.float32 else ["x"]
    family.add("crossEntropy/" + name, "crossEntropy", options, inputs, fn, diff=diff, gg=gg)


def make_cross_entropy(family):
    x, x4 = normal("loss/x", 6, 5), normal("loss/x4", 2, 4, 3, 5)
    t, t4 = classes("t", 5, 6), classes("t4", 4, 2, 3, 5)
    t[0], t[1] = 0, 4
    weight, weight4 = np.exp(normal("loss/w", 5)), np.exp(normal("loss/w4", 4))
    p = F.softmax(torch.from_numpy(normal("loss/p", 6, 5)), 1).numpy()
    p4 = F.softmax(torch.from_numpy(normal("loss/p4", 2, 4, 3, 5)), 1).numpy()
    ignored, ignored4 = t.copy(), t4.copy()
    ignored[[1, 4]] = -100
    ignored4[0, 1] = 2

    for reduction in REDUCTIONS:
        add = lambda name, *args, **kw: cross_entropy(
            family, f"{name}_{reduction}", *args, reduction=reduction, **kw
        )
        add("index", x, t, gg=True)
        add("weight", x, t, weight)
        add("smooth", x, t, labelSmoothing=0.1, gg=reduction == "mean")
        add("smooth_weight", x, t, weight, labelSmoothing=0.2)
        add("ignore", x, ignored)
        add("ignore_weight_smooth", x, ignored, weight, labelSmoothing=0.1)
        add("prob", x, p, gg=reduction == "mean")
        add("prob_weight_smooth", x, p, weight, labelSmoothing=0.1)
        add("image", x4, t4, gg=reduction == "mean")
        add("image_weight_ignore2", x4, ignored4, weight4, ignoreIndex=2)
        add("image_prob", x4, p4)
    cross_entropy(family, "all_ignored_sum", x, np.full(6, -100, np.int32), reduction="sum")
    cross_entropy(family, "all_ignored_mean_is_nan", x, np.full(6, -100, np.int32))
    cross_entropy(family, "huge", x * np.float32(1e4), t)
    cross_entropy(family, "far_from_zero", x + np.float32(1e4), t)
    cross_entropy(family, "batch1_class1", x[:1, :1], np.zeros(1, np.int32))
    cross_entropy(family, "wide", normal("loss/wide", 3, 300), classes("wide", 300, 3))

    logp = F.log_softmax(torch.from_numpy(x), 1).numpy()
    logp4 = F.log_softmax(torch.from_numpy(x4), 1).numpy()
    for reduction in REDUCTIONS:

        def add(name, x, target, weight=None, gg=False, **options):
            inputs = {"x": x, "target": target, **({} if weight is None else {"weight": weight})}
            fn = lambda x, target, weight=None: F.nll_loss(
                x, target, weight, reduction=reduction, ignore_index=options.get("ignoreIndex", -100)
            )
            family.add(
                f"nll/{name}_{reduction}",
                "nll",
                {"reduction": reduction, **options},
                inputs,
                fn,
                diff=["x"],
                gg=gg,
            )

        add("index", logp, t, gg=True)
        add("weight_ignore", logp, ignored, weight)
        add("image_ignore2", logp4, ignored4, ignoreIndex=2)


def make_regression(family):
    # Quarters, so that |x - target| = beta and x = target (the kinks) both occur.
    x, target = np.round(normal("loss/rx", 4, 7) * 4) / 4, np.round(normal("loss/rt", 4, 7) * 4) / 4
    target[0, :2] = x[0, :2]
    target[1, :2] = x[1, :2] + np.float32(0.5)
    y, soft = normal("loss/bx", 4, 7) * 3, rng("loss/bt").uniform(size=(4, 7)).astype(np.float32)
    hard = np.round(soft)
    y[0, :4] = [200, -200, 1e4, -1e4]  # exp overflows f32 above 88
    pos_weight, weight = np.exp(normal("loss/pos", 7)), np.exp(normal("loss/bw", 7))
    for reduction in REDUCTIONS:

        def add(op, name, fn, inputs, options={}, diff=("x", "target"), gg=False):
            family.add(
                f"{op}/{name}{reduction}",
                op,
                {"reduction": reduction, **options},
                inputs,
                fn,
                diff=list(diff),
                gg=gg,
            )

        both = {"x": x, "target": target}
        add("mse", "", lambda x, target: F.mse_loss(x, target, reduction=reduction), both, gg=True)
        add("l1", "", lambda x, target: F.l1_loss(x, target, reduction=reduction), both)
        for beta in (1.0, 0.5):
            smooth = lambda x, target: F.smooth_l1_loss(x, target, reduction=reduction, beta=beta)
            add("smoothL1", f"beta{beta}_", smooth, both, {"beta": beta}, gg=reduction == "mean")

        bce = lambda x, target, posWeight=None, weight=None: F.binary_cross_entropy_with_logits(
            x, target, weight, reduction=reduction, pos_weight=posWeight
        )
        add("bceWithLogits", "", bce, {"x": y, "target": soft}, gg=reduction == "mean")
        add("bceWithLogits", "hard_", bce, {"x": y, "target": hard}, diff=["x"])
        add("bceWithLogits", "posWeight_", bce, {"x": y, "target": soft, "posWeight": pos_weight}, diff=["x"])
        add(
            "bceWithLogits",
            "posWeight_weight_",
            bce,
            {"x": y, "target": hard, "posWeight": pos_weight, "weight": weight},
            diff=["x"],
        )


def make_softmax(family):
    ops = {"softmax": F.softmax, "logSoftmax": F.log_softmax}
    x = normal("softmax/x", 3, 4, 2, 5)
    masked = normal("softmax/masked", 4, 6)
    masked[0, 2:] = masked[1, 0] = masked[2, 1:5] = -np.inf
    empty = masked.copy()
    empty[3] = -np.inf
    huge = normal("softmax/huge", 4, 6) * np.float32(1e4)
    huge[0], huge[1], huge[2, 0] = 1e30, -1e30, 3e38
    nan = normal("softmax/nan", 3, 4)
    nan[1, 2] = np.nan
    for op, fn in ops.items():

        def add(name, x, axis, gg=False):
            family.add(f"{op}/{name}", op, {"axis": axis}, {"x": x}, lambda x: fn(x, axis), gg=gg)

        for axis in range(4):
            add(f"axis{axis}", x, axis, gg=axis in (1, 3))
        add("axis-2", x, -2)
        add("vector", normal("softmax/vector", 7), 0)
        add("one_value", normal("softmax/one", 5, 1), 1)
        add("wide", normal("softmax/wide", 2, 300), -1)
        add("minus_inf", masked, -1)
        add("all_minus_inf_row_is_nan", empty, -1)
        add("nan", nan, -1)
        add("huge", huge, -1)
        add("far_from_zero", normal("softmax/far", 3, 9) + np.float32(1e4), -1)


def make():
    family = Family("loss")
    make_cross_entropy(family)
    make_regression(family)
    make_softmax(family)
    family.save()
