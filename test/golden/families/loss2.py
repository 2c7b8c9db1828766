# Losses beside those of loss.py. Where PyTorch 1.13 has none (dice, tversky, focal, boxes, ssim) the formula is written
# with its ops in float64. ctc stands behind log_softmax: before it PyTorch's gradient is not that of the formula.
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal, rng

REDUCTIONS = ["mean", "sum", "none"]
SNAKE = {"logTarget": "log_target", "logInput": "log_input", "zeroInfinity": "zero_infinity"}


def uniform(name, low, high, *shape):
    return rng("loss2/" + name).uniform(low, high, shape).astype(np.float32)


def signs(name, *shape):
    return (2 * rng("loss2/" + name).randint(0, 2, shape) - 1).astype(np.float32)


def classes(name, c, *shape):
    return rng("loss2/" + name).randint(0, c, shape).astype(np.int32)


def arguments(options):
    return {SNAKE.get(k, k): v for k, v in options.items()}


def reduced(losses, reduction="mean"):
    return losses if reduction == "none" else getattr(losses, reduction)()


def cases(family, op, fn, inputs, options, diff=None, gg=True):
    """Every reduction of every choice of options; gradients of gradients for "mean"."""
    for k, o in enumerate(options):
        for reduction in REDUCTIONS:
            full = {**o, "reduction": reduction}
            call = lambda full=full, **x: fn(**x, **arguments(full))
            second = gg and reduction == "mean"
            family.add(f"{op}/{k}_{reduction}", op, full, inputs, call, diff=diff, gg=second)


def make_distributions(family):
    y = np.exp(normal("kl/y", 5, 4))
    y = (y / y.sum(1, keepdims=True)).astype(np.float32)
    y[0, 0] = 0
    x = normal("kl/x", 5, 4)
    cases(family, "klDiv", lambda x, y, **o: F.kl_div(x, y, **o), {"x": x, "y": y}, [{}], diff=["x"])
    both = {"x": x, "y": normal("kl/logy", 5, 4)}
    cases(family, "klDivLog", lambda x, y, **o: F.kl_div(x, y, **o), both, [{"logTarget": True}])
    batch = lambda x, y: F.kl_div(x, y, reduction="batchmean")
    family.add("klDiv/batch", "klDiv", {"reduction": "batchmean"}, {"x": x, "y": y}, batch, diff=["x"], gg=True)

    counts = classes("poisson", 6, 5, 4).astype(np.float32)
    poisson = lambda x, y, **o: F.poisson_nll_loss(x, y, **o)
    options = [{}, {"full": True}]
    cases(family, "poissonNll", poisson, {"x": normal("po/x", 5, 4), "y": counts}, options, diff=["x"])
    rates = {"x": uniform("po/rate", 0, 4, 5, 4), "y": counts}
    cases(family, "poissonNllRate", poisson, rates, [{"logInput": False, "full": True}], diff=["x"])

    gauss = lambda x, y, variance, **o: F.gaussian_nll_loss(x, y, variance, **o)
    x, y, v = normal("ga/x", 5, 4), normal("ga/y", 5, 4), np.exp(normal("ga/v", 5, 4))
    cases(family, "gaussianNll", gauss, {"x": x, "y": y, "variance": v}, [{}, {"full": True}])
    raised = {"x": x, "y": y, "variance": uniform("ga/low", 0, 2, 5, 1)}
    cases(family, "gaussianNllRaised", gauss, raised, [{"eps": 0.5}], gg=False)


def make_margins(family):
    x, y = normal("hi/x", 5, 4), signs("hi/y", 5, 4)
    hinge = lambda x, y, margin=1, reduction="mean": reduced((margin - x * y).clamp(min=0), reduction)
    cases(family, "hinge", hinge, {"x": x, "y": y}, [{}, {"margin": 0.5}], diff=["x"])
    embed = lambda x, y, **o: F.hinge_embedding_loss(x, y, **o)
    cases(family, "hingeEmbedding", embed, {"x": x, "y": y}, [{}, {"margin": 0.5}], diff=["x"])
    ranking = lambda a, b, y, **o: F.margin_ranking_loss(a, b, y, **o)
    three = {"a": x, "b": normal("ra/b", 5, 4), "y": y}
    cases(family, "marginRanking", ranking, three, [{}, {"margin": 0.5}], diff=["a", "b"])
    multi = lambda x, labels, weight=None, **o: F.multi_margin_loss(x, labels, weight=weight, **o)
    inputs = {"x": x, "labels": classes("mm", 4, 5)}
    cases(family, "multiMargin", multi, inputs, [{}, {"p": 2}, {"margin": 0.3}], diff=["x"], gg=False)
    inputs = {**inputs, "weight": uniform("mm/w", 0.5, 2, 4)}
    cases(family, "multiMarginWeight", multi, inputs, [{"p": 2}], diff=["x"], gg=False)
    cos = lambda a, b, y, **o: F.cosine_embedding_loss(a, b, y, **o)
    inputs = {"a": x, "b": normal("co/b", 5, 4), "y": signs("co/y", 5)}
    cases(family, "cosineEmbedding", cos, inputs, [{}, {"margin": -0.5}], diff=["a", "b"])
    triplet = lambda a, p, n, **o: F.triplet_margin_loss(a, p, n, **{("p" if k == "norm" else k): v for k, v in o.items()})
    inputs = {"a": x, "p": normal("tr/p", 5, 4), "n": normal("tr/n", 5, 4)}
    options = [{}, {"swap": True}, {"margin": 0.3, "norm": 1}, {"norm": 3}]
    cases(family, "tripletMargin", triplet, inputs, options)


def make_vectors(family):
    for k, (shape, o) in enumerate([((5, 3), {}), ((2, 3, 4), {"p": 3, "axis": -1}), ((4, 2), {"p": 1, "axis": 0})]):
        x = normal(f"nz{k}", *shape)
        fn = lambda x, o=o: F.normalize(x, p=o.get("p", 2), dim=o.get("axis", 1))
        family.add(f"normalize/{k}", "normalize", o, {"x": x}, fn, gg=True)
    zero = normal("nz/zero", 3, 4)
    zero[1] = 0
    family.add("normalize/zero", "normalize", {}, {"x": zero}, lambda x: F.normalize(x))
    for k, o in enumerate([{}, {"keepdim": True}, {"p": 1}, {"p": 3}]):
        inputs = {"a": normal("pd/a", 5, 4), "b": normal("pd/b", 5, 4)}
        fn = lambda a, b, o=o: F.pairwise_distance(a, b, **o)
        family.add(f"pairwiseDistance/{k}", "pairwiseDistance", o, inputs, fn, gg=True)
    for k, (a, b, o) in enumerate([((5, 3), (5, 3), {}), ((4, 1, 3), (1, 5, 3), {"axis": -1}), ((5,), (5,), {"axis": 0})]):
        inputs = {"a": normal(f"cs{k}a", *a), "b": normal(f"cs{k}b", *b)}
        fn = lambda a, b, o=o: F.cosine_similarity(a, b, dim=o.get("axis", 1))
        family.add(f"cosineSimilarity/{k}", "cosineSimilarity", o, inputs, fn, gg=True)

    def nt_xent(a, b, temperature=0.5, reduction="mean"):
        z = F.normalize(torch.cat([a, b]))
        n = len(a)
        logits = (z @ z.T / temperature).masked_fill(torch.eye(2 * n, dtype=torch.bool), float("-inf"))
        return F.cross_entropy(logits, (torch.arange(2 * n) + n) % (2 * n), reduction=reduction)

    inputs = {"a": normal("nt/a", 6, 5), "b": normal("nt/b", 6, 5)}
    cases(family, "ntXent", nt_xent, inputs, [{}, {"temperature": 0.1}])


def make_regions(family):
    x, y = uniform("re/x", 0, 1, 2, 3, 4, 5), classes("re/y", 2, 2, 3, 4, 5).astype(np.float32)
    y[0, 1] = 0

    def tversky(x, y, alpha=0.5, beta=0.5, smooth=1e-5, reduction="mean"):
        tp, p, q = [t.flatten(2).sum(-1) for t in (x * y, x, y)]
        return reduced(1 - (tp + smooth) / (tp + alpha * (p - tp) + beta * (q - tp) + smooth), reduction)

    dice = lambda x, y, smooth=1e-5, **o: tversky(x, y, smooth=smooth / 2, **o)
    cases(family, "dice", dice, {"x": x, "y": y}, [{}, {"smooth": 1.0}], diff=["x"])
    cases(family, "tversky", tversky, {"x": x, "y": y}, [{"alpha": 0.3, "beta": 0.7}], diff=["x"])
    logits, truth = 3 * normal("fo/x", 5, 4), classes("fo/y", 2, 5, 4).astype(np.float32)
    logits[0, 0] = 60

    def focal(x, y, alpha=0.25, gamma=2.0, reduction="mean"):
        ce = F.binary_cross_entropy_with_logits(x, y, reduction="none")
        wrong = y * torch.sigmoid(-x) + (1 - y) * torch.sigmoid(x)
        weight = alpha * y + (1 - alpha) * (1 - y) if alpha >= 0 else 1
        return reduced(weight * wrong**gamma * ce, reduction)

    options = [{}, {"gamma": 0}, {"alpha": -1, "gamma": 1.5}]
    cases(family, "focal", focal, {"x": logits, "y": truth}, options, diff=["x"])
    boxes = [uniform("box" + s, 0, 2, 7, 4) for s in "ab"]
    for b in boxes:
        b[:, 2:] += b[:, :2] + np.float32(0.2)
    boxes[1][2] += 9

    def overlap(a, b):
        area = lambda t: (t[:, 2] - t[:, 0]) * (t[:, 3] - t[:, 1])
        size = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0)
        both = size.prod(-1)
        return both, area(a) + area(b) - both

    def giou(a, b, eps=1e-7, reduction="mean"):
        both, union = overlap(a, b)
        hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(-1)
        return reduced(1 - both / (union + eps) + (hull - union) / (hull + eps), reduction)

    iou = lambda a, b, eps=1e-7, reduction="mean": reduced(1 - overlap(a, b)[0] / (overlap(a, b)[1] + eps), reduction)
    cases(family, "iou", iou, {"a": boxes[0], "b": boxes[1]}, [{}])
    cases(family, "giou", giou, {"a": boxes[0], "b": boxes[1]}, [{}])


def make_ctc(family):
    def ctc(name, shape, steps, widths, x=None, **options):
        t, n, c = shape
        blank = options.get("blank", 0)
        labels = np.array([k for k in range(c) if k != blank])[classes(name, c - 1, n, max(widths))]
        inputs = {"x": normal(name, *shape) if x is None else x, "targets": labels.astype(np.int32)}
        fn = lambda x, targets: F.ctc_loss(F.log_softmax(x, 2), targets, steps, widths, **arguments(options))
        o = {**options, "steps": steps, "widths": widths}
        family.add("ctc/" + name, "ctc", o, inputs, fn, diff=["x"])

    for r in REDUCTIONS:
        ctc("plain_" + r, (12, 3, 5), [12, 10, 9], [4, 3, 1], reduction=r)
    ctc("empty", (6, 3, 4), [6, 5, 4], [2, 0, 3])
    ctc("blank", (9, 2, 6), [9, 8], [3, 4], blank=5)
    ctc("long", (60, 2, 8), [60, 47], [20, 17])
    ctc("wide", (90, 1, 30), [90], [40])
    ctc("one", (1, 2, 3), [1, 1], [1, 1])
    ctc("infinite", (4, 2, 4), [4, 2], [2, 4], reduction="none", zeroInfinity=True)


def make_ssim(family):
    def ssim(x, y, windowSize=11, sigma=1.5, dataRange=1.0, reduction="mean"):
        at = torch.arange(windowSize) - (windowSize - 1) / 2
        w = torch.exp(-(at**2) / (2 * sigma**2))
        w = (w / w.sum()).outer(w / w.sum())[None, None]
        n, c = x.shape[:2]
        blur = lambda t: F.conv2d(t.flatten(0, 1)[:, None], w).view(n, c, t.shape[2] - windowSize + 1, -1)
        mx, my = blur(x), blur(y)
        xx, yy, xy = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
        c1, c2 = (0.01 * dataRange) ** 2, (0.03 * dataRange) ** 2
        map = (2 * mx * my + c1) * (2 * xy + c2) / ((mx * mx + my * my + c1) * (xx + yy + c2))
        return reduced(map.flatten(1).mean(1), reduction)

    x = uniform("ssim/x", 0, 1, 2, 3, 16, 14)
    y = (0.7 * x + uniform("ssim/y", 0, 0.3, 2, 3, 16, 14)).astype(np.float32)
    options = [{}, {"windowSize": 5, "sigma": 0.8, "dataRange": 2.0}]
    cases(family, "ssim", ssim, {"x": x, "y": y}, options, gg=False)
    small = {"x": x[:1, :1, :7, :6].copy(), "y": y[:1, :1, :7, :6].copy()}
    cases(family, "ssimSmall", ssim, small, [{"windowSize": 5}])


def make_masked(family):
    x, y = normal("mask/x", 5, 4), uniform("mask/y", 0, 1, 5, 4)
    y[0, 1] = y[3] = np.nan
    for r in REDUCTIONS:

        def fn(x, y, r=r):
            known = ~y.isnan()
            losses = F.binary_cross_entropy_with_logits(x, y.nan_to_num(0), reduction="none")
            losses = torch.where(known, losses, torch.zeros_like(losses))
            return losses.sum() / known.sum() if r == "mean" else reduced(losses, r)

        family.add(f"bceWithLogits/{r}", "bceWithLogits", {"maskNaN": True, "reduction": r}, {"x": x, "y": y}, fn, diff=["x"])


def make():
    family = Family("loss2")
    make_distributions(family)
    make_margins(family)
    make_vectors(family)
    make_regions(family)
    make_ctc(family)
    make_ssim(family)
    make_masked(family)
    family.save()
