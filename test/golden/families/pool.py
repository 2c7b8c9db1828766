# Max, average and adaptive pooling. out.1 of the max pools is PyTorch's index: position in the h*w plane.
import numpy as np
import torch.nn.functional as F

from .golden import Family, normal, pair


def max_pool(family, name, x, gg=False, **options):
    def fn(x):
        o = {k: pair(v) for k, v in options.items()}
        return F.max_pool2d(
            x,
            o["kernelSize"],
            o.get("stride"),
            o.get("padding", 0),
            o.get("dilation", 1),
            o.get("ceilMode", False),
            return_indices=True,
        )

    family.add("max/" + name, "maxPool2d", options, {"x": x}, fn, gg=gg)


def avg_pool(family, name, x, gg=False, **options):
    def fn(x):
        o = {k: pair(v) for k, v in options.items()}
        return F.avg_pool2d(
            x,
            o["kernelSize"],
            o.get("stride"),
            o.get("padding", 0),
            o.get("ceilMode", False),
            o.get("countIncludePad", True),
            o.get("divisorOverride"),
        )

    family.add("avg/" + name, "avgPool2d", options, {"x": x}, fn, gg=gg)


def adaptive(family, shape, size, gg=False):
    text = (
        "x".join(map(str, shape[2:]))
        + "_to_"
        + "x".join(map(str, size if isinstance(size, list) else [size]))
    )
    x = {"x": normal("adaptive/" + text, *shape)}
    options = {"outputSize": size}
    family.add(
        "adaptiveAvg/" + text,
        "adaptiveAvgPool2d",
        options,
        x,
        lambda x: F.adaptive_avg_pool2d(x, pair(size)),
        gg=gg,
    )
    family.add(
        "adaptiveMax/" + text,
        "adaptiveMaxPool2d",
        options,
        x,
        lambda x: F.adaptive_max_pool2d(x, pair(size), return_indices=True),
        gg=gg,
    )


def make():
    family = Family("pool")
    x = lambda *shape: normal("pool/" + "x".join(map(str, shape)), *shape)

    max_pool(family, "k2", x(3, 2, 6, 8), gg=True, kernelSize=2)
    max_pool(family, "k2_odd", x(2, 3, 5, 7), kernelSize=2)
    max_pool(family, "k2_odd_ceil", x(2, 3, 5, 7), kernelSize=2, ceilMode=True)
    max_pool(family, "k3_s2_p1", x(2, 3, 5, 7), gg=True, kernelSize=3, stride=2, padding=1)
    max_pool(family, "k3_s2_p1_ceil", x(2, 2, 6, 8), kernelSize=3, stride=2, padding=1, ceilMode=True)
    max_pool(
        family, "k2_s2_p1_ceil_drops_last", x(1, 2, 3, 3), kernelSize=2, stride=2, padding=1, ceilMode=True
    )
    max_pool(family, "k3_s1_overlap", x(1, 2, 6, 5), gg=True, kernelSize=3, stride=1)
    max_pool(family, "k3x2_s2x1_p1x0", x(2, 2, 7, 5), kernelSize=[3, 2], stride=[2, 1], padding=[1, 0])
    max_pool(family, "k2_d2", x(1, 3, 6, 7), kernelSize=2, stride=1, dilation=2)
    max_pool(family, "k3_s2_p1_d1x2", x(1, 2, 8, 9), kernelSize=3, stride=2, padding=1, dilation=[1, 2])
    max_pool(family, "k2_s3_gaps", x(1, 2, 8, 9), kernelSize=2, stride=3)
    max_pool(family, "k2_s3_d2_ceil", x(1, 2, 8, 9), kernelSize=2, stride=3, dilation=2, ceilMode=True)
    max_pool(family, "kernel_is_input", x(2, 3, 5, 7), kernelSize=[5, 7])
    max_pool(family, "k1", x(1, 2, 3, 3), kernelSize=1)

    # Ties: the first in row order wins. NaN: the last one of the window wins. All -inf: the first position.
    max_pool(
        family, "ties_constant", np.full((1, 2, 4, 5), 0.5, np.float32), kernelSize=3, stride=1, padding=1
    )
    max_pool(family, "ties_rounded", np.round(x(2, 2, 7, 5)), kernelSize=3, stride=2, padding=1)
    odd = x(2, 2, 6, 8).copy()
    odd[0, 0, 2:4, 2:6] = -np.inf
    odd[0, 1] = -np.inf
    odd[1, 0, 1, 1] = np.inf
    max_pool(family, "infinite", odd, kernelSize=2)
    max_pool(family, "infinite_padded", odd, kernelSize=3, stride=2, padding=1)
    nan = odd.copy()
    nan[0, 0, 2, 3] = nan[1, 0, 4, 4] = nan[1, 1, 0, 0] = nan[1, 1, 0, 1] = np.nan
    max_pool(family, "nan", nan, kernelSize=2)
    max_pool(family, "nan_overlap", nan, kernelSize=3, stride=1, padding=1)

    avg_pool(family, "k2", x(3, 2, 6, 8), gg=True, kernelSize=2)
    avg_pool(family, "k3_s2_p1", x(2, 3, 5, 7), gg=True, kernelSize=3, stride=2, padding=1)
    avg_pool(
        family, "k3_s2_p1_nopad", x(2, 3, 5, 7), kernelSize=3, stride=2, padding=1, countIncludePad=False
    )
    avg_pool(family, "k3_s2_p1_ceil", x(2, 2, 6, 8), kernelSize=3, stride=2, padding=1, ceilMode=True)
    avg_pool(
        family,
        "k3_s2_p1_ceil_nopad",
        x(2, 2, 6, 8),
        kernelSize=3,
        stride=2,
        padding=1,
        ceilMode=True,
        countIncludePad=False,
    )
    avg_pool(
        family, "k2_s2_p1_ceil_drops_last", x(1, 2, 3, 3), kernelSize=2, stride=2, padding=1, ceilMode=True
    )
    avg_pool(family, "k2_odd_ceil", x(2, 3, 5, 7), kernelSize=2, ceilMode=True)
    avg_pool(family, "k3x2_s2x1_p1x0", x(2, 2, 7, 5), kernelSize=[3, 2], stride=[2, 1], padding=[1, 0])
    avg_pool(family, "divisor5", x(2, 3, 5, 7), gg=True, kernelSize=3, stride=2, padding=1, divisorOverride=5)
    avg_pool(family, "divisor3_ceil", x(2, 2, 6, 8), kernelSize=3, stride=2, ceilMode=True, divisorOverride=3)
    avg_pool(family, "k3_s1_overlap", x(1, 2, 6, 5), kernelSize=3, stride=1)
    avg_pool(family, "kernel_is_input", x(2, 3, 5, 7), kernelSize=[5, 7])
    avg_pool(family, "nan_inf", nan, kernelSize=2)

    adaptive(family, (2, 3, 7, 9), 1, gg=True)
    adaptive(family, (2, 2, 7, 5), [3, 2], gg=True)
    adaptive(family, (1, 2, 10, 11), [4, 7])
    adaptive(family, (2, 2, 6, 6), 3)
    adaptive(family, (1, 2, 3, 2), [5, 7])
    adaptive(family, (1, 1, 1, 1), [2, 3])
    adaptive(family, (1, 2, 5, 5), 5)
    family.save()
