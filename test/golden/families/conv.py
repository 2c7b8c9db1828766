# conv2d: every combination of stride x padding x dilation, each with two of three groupings (one with bias,
# one without), then the shapes that break kernels.
from itertools import product

import torch.nn.functional as F

from .golden import Family, normal, pair

STRIDES = [1, 2, [2, 1]]
PADDINGS = [0, 1, [2, 1]]
DILATIONS = [1, 2, [1, 2]]
GROUPS = ["1", "2", "dw"]  # dw: depthwise, groups = channels
KERNELS = [(3, 3), (3, 2), (2, 3), (1, 3)]


def add(family, name, x, weight, bias=True, gg=False, **options):
    """x, weight: shapes."""
    inputs = {"x": normal(name + "/x", *x), "weight": normal(name + "/weight", *weight)}
    if bias:
        inputs["bias"] = normal(name + "/bias", weight[0])
    kwargs = {k: pair(v) for k, v in options.items()}
    fn = lambda x, weight, bias=None: F.conv2d(x, weight, bias, **kwargs)
    family.add(name, "conv2d", options, inputs, fn, gg=gg)


def label(value):
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)


def make():
    family = Family("conv")
    grid = list(product(range(3), range(3), range(3)))
    combos = [(STRIDES[i], PADDINGS[j], DILATIONS[k], i + j + k) for i, j, k in grid]
    combos += [(1, "same", dilation, 1 + k) for k, dilation in enumerate(DILATIONS)]
    for number, (stride, padding, dilation, turn) in enumerate(combos):
        for bias in (True, False):
            groups = GROUPS[(turn + (0 if bias else 1)) % 3]
            n = 1 if (number + bias) % 2 else 3
            cin, cout, count = {"1": (3, 2, 1), "2": (4, 6, 2), "dw": (3, 3, 3)}[groups]
            # 'same' with an even kernel pads more on one side: its own cases below.
            kh, kw = (3, 3) if padding == "same" else KERNELS[(number + 2 * bias) % 4]
            h, w = 5 + number % 4, 6 + (number + bias) % 4
            geometry = f"s{label(stride)}_p{label(padding)}_d{label(dilation)}_g{groups}"
            name = geometry + ("_bias" if bias else "_nobias")
            add(
                family,
                name,
                (n, cin, h, w),
                (cout, cin // count, kh, kw),
                bias,
                gg=number % 3 == 0 and bias == (number % 2 == 0),
                stride=stride,
                padding=padding,
                dilation=dilation,
                groups=count,
            )

    add(family, "same_even_kernel", (2, 2, 5, 6), (3, 2, 2, 4), padding="same")
    add(family, "same_even_kernel_d2x1", (1, 2, 6, 5), (2, 2, 2, 2), padding="same", dilation=[2, 1])
    add(family, "kernel1x1", (3, 5, 4, 3), (6, 5, 1, 1), gg=True)
    add(family, "kernel1x1_s2", (2, 4, 5, 5), (3, 4, 1, 1), stride=2)
    add(family, "kernel1x1_p1_bias_only_border", (1, 2, 3, 3), (2, 2, 1, 1), padding=1)
    add(family, "kernel_is_input", (2, 3, 5, 7), (4, 3, 5, 7), gg=True)
    add(family, "kernel_larger_than_input", (1, 2, 3, 2), (3, 2, 5, 5), padding=2)
    add(family, "pixel1x1_kernel3", (3, 2, 1, 1), (2, 2, 3, 3), padding=1)
    add(family, "stride_larger_than_kernel", (2, 2, 8, 9), (3, 2, 2, 2), stride=3, gg=True)
    add(family, "rows_left_over", (1, 2, 10, 11), (2, 2, 3, 3), stride=4)
    add(family, "kernel1x7", (1, 3, 2, 9), (2, 3, 1, 7), padding=[0, 3])
    add(family, "channels_17_9", (1, 17, 4, 5), (9, 17, 3, 3), padding=1)
    add(family, "depthwise_times2", (2, 3, 5, 5), (6, 1, 3, 3), padding=1, groups=3, gg=True)
    add(family, "groups3_s2", (1, 6, 7, 5), (9, 2, 3, 3), stride=2, padding=1, groups=3)
    add(family, "lenet_first", (1, 1, 28, 28), (2, 1, 5, 5), padding=2)
    add(family, "lenet_second", (1, 2, 14, 14), (3, 2, 5, 5))
    family.save()
