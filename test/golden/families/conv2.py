# Convolutions over one and three axes, and transposed ones: crossed options, then the shapes that break kernels.
from itertools import product

import torch.nn.functional as F

from .golden import Family, normal, pair

FUNCTIONS = {
    "conv1d": F.conv1d,
    "conv2d": F.conv2d,
    "conv3d": F.conv3d,
    "convTranspose1d": F.conv_transpose1d,
    "convTranspose2d": F.conv_transpose2d,
    "convTranspose3d": F.conv_transpose3d,
}


def add(family, op, name, x, weight, bias=True, gg=False, **options):
    """x, weight: shapes."""
    full = op + "/" + name
    inputs = {"x": normal(full + "/x", *x), "weight": normal(full + "/weight", *weight)}
    if bias:
        outs = weight[1] * options.get("groups", 1) if "Transpose" in op else weight[0]
        inputs["bias"] = normal(full + "/bias", outs)
    kwargs = {("output_padding" if k == "outputPadding" else k): pair(v) for k, v in options.items()}
    fn = lambda x, weight, bias=None: FUNCTIONS[op](x, weight, bias, **kwargs)
    family.add(full, op, options, inputs, fn, gg=gg)


def label(value):
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)


def one(family):
    combos = product([1, 3], [0, 2], [1, 2])
    for number, (stride, padding, dilation) in enumerate(combos):
        groups = [1, 2, 4][number % 3]
        name = f"s{stride}_p{padding}_d{dilation}_g{groups}"
        add(
            family,
            "conv1d",
            name,
            (2 - number % 2, 4, 11 + number % 4),
            (4 if groups == 4 else 6, 4 // groups, 3 + number % 2),
            bias=number % 2 == 0,
            gg=number % 3 == 0,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )
    add(family, "conv1d", "same_even", (2, 2, 9), (3, 2, 4), padding="same")
    add(family, "conv1d", "same_dilated", (1, 2, 9), (3, 2, 3), padding="same", dilation=3)
    add(family, "conv1d", "valid", (1, 2, 9), (3, 2, 9), padding="valid", gg=True)
    add(family, "conv1d", "unbatched", (3, 8), (2, 3, 3), padding=1)
    add(family, "conv1d", "kernel1", (2, 5, 67), (3, 5, 1))


def three(family):
    add(family, "conv3d", "plain", (2, 2, 4, 5, 6), (3, 2, 2, 3, 3), gg=True)
    add(family, "conv3d", "p1", (1, 3, 3, 4, 5), (4, 3, 3, 3, 3), padding=1)
    add(family, "conv3d", "s2_p1", (2, 2, 5, 6, 7), (3, 2, 3, 3, 3), stride=2, padding=1, gg=True)
    add(family, "conv3d", "s1x2x3_p0x1x2", (1, 2, 4, 6, 7), (2, 2, 2, 3, 3), stride=[1, 2, 3], padding=[0, 1, 2])
    add(family, "conv3d", "d2", (1, 2, 6, 6, 6), (2, 2, 3, 2, 3), dilation=2, bias=False)
    add(family, "conv3d", "d2x1x3_p2", (1, 2, 4, 5, 6), (2, 2, 3, 3, 2), dilation=[2, 1, 3], padding=2, gg=True)
    add(family, "conv3d", "groups2", (2, 4, 4, 4, 4), (6, 2, 2, 2, 2), groups=2, gg=True)
    add(family, "conv3d", "depthwise", (1, 3, 4, 5, 5), (3, 1, 3, 3, 3), groups=3, padding=1)
    add(family, "conv3d", "same_even", (1, 2, 4, 5, 3), (2, 2, 2, 4, 3), padding="same")
    add(family, "conv3d", "same_d2", (1, 1, 5, 5, 5), (2, 1, 3, 3, 3), padding="same", dilation=2)
    add(family, "conv3d", "kernel1", (2, 5, 2, 3, 3), (4, 5, 1, 1, 1))
    add(family, "conv3d", "depth_only", (1, 2, 7, 2, 3), (3, 2, 5, 1, 1), stride=[2, 1, 1])
    add(family, "conv3d", "plane_only", (1, 2, 3, 5, 4), (3, 2, 1, 3, 3), padding=[0, 1, 1])
    add(family, "conv3d", "unbatched", (2, 3, 4, 4), (2, 2, 2, 2, 2))


def transposed(family):
    two = "convTranspose2d"
    combos = product([1, 2, 3], [0, 1], [1, 2])
    for number, (stride, padding, dilation) in enumerate(combos):
        groups = [1, 2, 4][number % 3]
        extra = min(number % 3, max(stride, dilation) - 1)
        add(
            family,
            two,
            f"s{stride}_p{padding}_d{dilation}_o{extra}_g{groups}",
            (1 + number % 2, 4, 3 + number % 2, 4),
            (4, 1 + number % 3, 3, 2 + number % 2),
            bias=number % 2 == 0,
            gg=number % 3 == 0,
            stride=stride,
            padding=padding,
            dilation=dilation,
            outputPadding=extra,
            groups=groups,
        )
    add(family, two, "s2x1_p1x0_o1x0", (2, 3, 3, 5), (3, 2, 3, 3), stride=[2, 1], padding=[1, 0], outputPadding=[1, 0])
    add(family, two, "extra_beyond_stride", (1, 2, 3, 3), (2, 2, 3, 3), dilation=[3, 2], outputPadding=[2, 1], gg=True)
    add(family, two, "stride_beyond_kernel", (1, 2, 3, 3), (2, 3, 2, 2), stride=4, outputPadding=3)
    add(family, two, "dcgan", (1, 8, 4, 4), (8, 5, 4, 4), stride=2, padding=1, bias=False)
    add(family, two, "pixel", (2, 3, 1, 1), (3, 4, 5, 5))
    add(family, two, "unbatched", (3, 4, 4), (3, 2, 2, 2), stride=2)
    line = "convTranspose1d"
    add(family, line, "plain", (2, 3, 7), (3, 4, 3), gg=True)
    add(family, line, "s2_p1_o1", (2, 3, 7), (3, 4, 3), stride=2, padding=1, outputPadding=1, gg=True)
    add(family, line, "s3_d2_g2", (1, 4, 6), (4, 3, 3), stride=3, dilation=2, groups=2, bias=False)
    add(family, line, "depthwise", (2, 3, 5), (3, 1, 4), stride=2, padding=1, groups=3)
    add(family, line, "unbatched", (2, 5), (2, 3, 2))
    box = "convTranspose3d"
    add(family, box, "plain", (2, 2, 2, 3, 3), (2, 3, 2, 3, 3), gg=True)
    add(family, box, "s2_p1_o1", (1, 3, 3, 2, 3), (3, 2, 3, 3, 3), stride=2, padding=1, outputPadding=1, gg=True)
    add(family, box, "s1x2x3_d2x1x1", (1, 2, 3, 3, 2), (2, 2, 2, 2, 2), stride=[1, 2, 3], dilation=[2, 1, 1])
    add(family, box, "extra_beyond_stride", (1, 2, 2, 3, 3), (2, 2, 2, 2, 3), dilation=3, outputPadding=2)
    add(family, box, "groups2", (2, 4, 2, 3, 2), (4, 2, 2, 2, 2), groups=2, padding=[1, 0, 1], stride=2, bias=False)
    add(family, box, "unbatched", (2, 2, 3, 3), (2, 2, 2, 2, 2))


def make():
    family = Family("conv2")
    one(family)
    three(family)
    transposed(family)
    family.save()
