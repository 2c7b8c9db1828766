# Whatever changes the size of planes and volumes: interpolate, grids, windows as columns, borders, pixels from channels,
# poolings over one and three axes and their inverse.
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal, pair

SNAKE = {
    "scaleFactor": "scale_factor",
    "alignCorners": "align_corners",
    "paddingMode": "padding_mode",
    "kernelSize": "kernel_size",
    "ceilMode": "ceil_mode",
    "countIncludePad": "count_include_pad",
    "divisorOverride": "divisor_override",
    "normType": "norm_type",
    "outputSize": "output_size",
}


def arguments(options):
    return {SNAKE.get(k, k): pair(v) for k, v in options.items()}


def text(*shape):
    return "x".join(map(str, shape))


def interpolate(family, name, x, gg=False, **options):
    full = "interpolate/" + name
    family.add(
        full,
        "interpolate",
        options,
        {"x": normal(full, *x)},
        lambda x: F.interpolate(x, **arguments(options)),
        gg=gg,
        rule="largest" if options["mode"] == "bicubic" else None,  # its weights have both signs
    )


def resizing(family):
    for mode in ["nearest", "nearest-exact", "area"]:
        interpolate(family, mode + "/up", (2, 3, 4, 5), size=[7, 9], mode=mode, gg=True)
        interpolate(family, mode + "/down", (1, 2, 9, 10), size=[4, 3], mode=mode)
        interpolate(family, mode + "/line", (2, 2, 7), size=[5], mode=mode)
        interpolate(family, mode + "/volume", (1, 2, 3, 4, 5), size=[5, 4, 2], mode=mode)
        interpolate(family, mode + "/twice", (1, 2, 3, 4), scaleFactor=2, mode=mode)
    interpolate(family, "nearest/factor", (1, 1, 5, 6), scaleFactor=[1.7, 0.6], mode="nearest")
    interpolate(family, "nearest-exact/factor", (1, 1, 5, 6), scaleFactor=[1.7, 0.6], mode="nearest-exact")
    interpolate(family, "nearest/third", (1, 1, 49, 30), size=[21, 70], mode="nearest")
    for align in [False, True]:
        a = "align" if align else "edges"
        interpolate(family, f"linear/{a}", (2, 3, 7), size=[12], mode="linear", alignCorners=align, gg=True)
        interpolate(family, f"linear/{a}_down", (2, 1, 13), size=[4], mode="linear", alignCorners=align)
        for mode in ["bilinear", "bicubic"]:
            o = {"mode": mode, "alignCorners": align}
            interpolate(family, f"{mode}/{a}_up", (2, 2, 4, 5), size=[9, 8], gg=True, **o)
            interpolate(family, f"{mode}/{a}_down", (1, 2, 9, 11), size=[4, 3], **o)
            interpolate(family, f"{mode}/{a}_factor", (1, 2, 5, 6), scaleFactor=[1.7, 2.3], **o)
            interpolate(family, f"{mode}/{a}_to_one", (1, 2, 5, 6), size=[1, 1], **o)
            interpolate(family, f"{mode}/{a}_from_one", (1, 2, 1, 1), size=[3, 4], **o)
            interpolate(family, f"{mode}/{a}_antialias", (2, 2, 11, 9), size=[4, 13], antialias=True, **o)
        interpolate(
            family, f"trilinear/{a}", (1, 2, 3, 4, 5), size=[5, 3, 8], mode="trilinear", alignCorners=align, gg=True
        )


def bilinear(x, grid):
    """grid_sample with zeros outside, in ops that torch differentiates twice."""
    n, c, h, w = x.shape
    px, py = ((grid[..., 0] + 1) * w - 1) / 2, ((grid[..., 1] + 1) * h - 1) / 2
    y = 0
    for dy in (0, 1):
        for dx in (0, 1):
            ix, iy = px.detach().floor() + dx, py.detach().floor() + dy
            weight = (1 - (px - ix).abs()) * (1 - (py - iy).abs())
            hit = (ix >= 0) & (ix < w) & (iy >= 0) & (iy < h)
            at = (iy.clamp(0, h - 1) * w + ix.clamp(0, w - 1)).long().reshape(n, 1, -1).expand(n, c, -1)
            values = x.reshape(n, c, -1).gather(2, at).reshape(n, c, *px.shape[1:])
            y = y + values * (weight * hit).unsqueeze(1)
    return y


def grids(family):
    def sample(name, x, out, spread=1.3, diff=None, gg=False, fn=None, **options):
        full = "gridSample/" + name
        grid = np.float32(normal(full + "/grid", x[0], *out, len(out)) * spread / 2)
        inputs = {"x": normal(full + "/x", *x), "grid": grid}
        run = fn or (lambda x, grid: F.grid_sample(x, grid, **{"align_corners": False, **arguments(options)}))
        family.add(full, "gridSample", options, inputs, run, diff=diff, gg=gg)

    for mode in ["bilinear", "nearest", "bicubic"]:
        for padding in ["zeros", "border", "reflection"]:
            for align in [False, True]:
                sample(
                    f"{mode}/{padding}_{'align' if align else 'edges'}",
                    (2, 3, 4, 5),
                    (3, 4),
                    spread=2.5,
                    diff=["x"] if mode == "nearest" else None,
                    mode=mode,
                    paddingMode=padding,
                    alignCorners=align,
                )
    for padding in ["zeros", "border", "reflection"]:
        sample(f"volume/{padding}", (2, 2, 3, 4, 5), (2, 3, 2), spread=2, paddingMode=padding)
    o = {"paddingMode": "border", "mode": "nearest", "alignCorners": True}
    sample("volume/nearest", (1, 2, 3, 4, 5), (2, 3, 2), diff=["x"], **o)
    sample("far", (1, 2, 3, 3), (4, 4), spread=40, paddingMode="reflection")
    sample("twice", (2, 2, 4, 5), (3, 3), gg=True, fn=bilinear)
    for align in [False, True]:
        for size in [(2, 1, 3, 4), (1, 1, 1, 5), (2, 1, 2, 3, 4)]:
            full = f"affineGrid/{text(*size)}_{'align' if align else 'edges'}"
            theta = normal(full, size[0], len(size) - 2, len(size) - 1)
            fn = lambda theta: F.affine_grid(theta, size, align_corners=align)
            family.add(full, "affineGrid", {"size": list(size), "alignCorners": align}, {"theta": theta}, fn, gg=True)


def columns(family):
    def unfold(name, x, gg=False, **options):
        full = "unfold/" + name
        fn = lambda x: F.unfold(x, **arguments(options))
        family.add(full, "unfold", options, {"x": normal(full, *x)}, fn, gg=gg)

    def fold(name, x, gg=False, **options):
        full = "fold/" + name
        fn = lambda x: F.fold(x, **arguments(options))
        family.add(full, "fold", options, {"x": normal(full, *x)}, fn, gg=gg)

    unfold("k2", (2, 3, 4, 5), kernelSize=2, gg=True)
    unfold("k3x2_s2_p1", (1, 2, 6, 5), kernelSize=[3, 2], stride=2, padding=1)
    unfold("d2", (1, 2, 7, 6), kernelSize=3, dilation=[2, 1], padding=[1, 0])
    unfold("unbatched", (2, 4, 4), kernelSize=2, stride=2)
    fold("k2", (2, 12, 12), outputSize=[4, 5], kernelSize=2, gg=True)
    fold("k3x2_s2_p1", (1, 12, 9), outputSize=[6, 5], kernelSize=[3, 2], stride=2, padding=1)
    fold("d2", (1, 18, 20), outputSize=[7, 6], kernelSize=3, dilation=[2, 1], padding=[1, 0])

    def pixels(op, fn, name, x, **options):
        full = op + "/" + name
        family.add(full, op, options, {"x": normal(full, *x)}, fn, gg=True)

    pixels("pixelShuffle", lambda x: F.pixel_shuffle(x, 2), "r2", (2, 8, 3, 4), factor=2)
    pixels("pixelShuffle", lambda x: F.pixel_shuffle(x, 3), "r3", (9, 2, 2), factor=3)
    pixels("pixelUnshuffle", lambda x: F.pixel_unshuffle(x, 2), "r2", (2, 3, 4, 6), factor=2)
    shuffle = lambda x: x.reshape(2, 3, 2, 4, 5).transpose(1, 2).reshape(2, 6, 4, 5)
    pixels("channelShuffle", shuffle, "g3", (2, 6, 4, 5), factor=3)


def borders(family):
    def border(name, x, pads, mode, gg=False):
        full = f"pad/{mode}_{name}"
        fn = lambda x: F.pad(x, pads, mode)
        family.add(full, "pad", {"pads": pads, "mode": mode}, {"x": normal(full, *x)}, fn, gg=gg)

    for mode in ["reflect", "replicate", "circular"]:
        border("line", (2, 3, 5), [2, 3], mode, gg=True)
        border("plane", (2, 2, 4, 5), [1, 2, 3, 0], mode, gg=True)
        border("volume", (1, 2, 3, 4, 5), [2, 1, 0, 3, 1, 2], mode)
    border("crop", (1, 2, 5, 6), [-1, 2, 1, -2], "reflect")
    border("far", (1, 1, 2, 3), [5, 7, 4, 6], "replicate")


def pools(family):
    def pool(op, name, fn, x, gg=False, **options):
        full = op + "/" + name
        x = x if isinstance(x, np.ndarray) else normal(full, *x)
        family.add(full, op, options, {"x": x}, lambda x: fn(x, **arguments(options)), gg=gg)

    best = lambda f: lambda x, **o: f(x, **o, return_indices=True)
    max1, max3, avg1, avg3 = best(F.max_pool1d), best(F.max_pool3d), F.avg_pool1d, F.avg_pool3d
    pool("maxPool1d", "k2", max1, (2, 3, 8), kernelSize=2, gg=True)
    pool("maxPool1d", "k3_s2_p1_d2", max1, (2, 3, 11), kernelSize=3, stride=2, padding=1, dilation=2)
    pool("maxPool1d", "ceil", max1, (2, 7), kernelSize=3, stride=2, ceilMode=True)
    pool("maxPool3d", "k2", max3, (2, 2, 4, 4, 6), kernelSize=2, gg=True)
    pool("maxPool3d", "k3_s2_p1", max3, (1, 2, 5, 6, 7), kernelSize=3, stride=2, padding=1, gg=True)
    pool("maxPool3d", "mixed", max3, (1, 2, 6, 7, 5), kernelSize=[2, 3, 1], stride=[1, 2, 2], dilation=[2, 1, 1])
    pool("maxPool3d", "ceil", max3, (2, 5, 5, 5), kernelSize=2, ceilMode=True)
    ties = np.round(normal("maxPool3d/ties", 1, 2, 4, 4, 4))
    ties[0, 0, 1, 2, 3] = ties[0, 0, 2, 1, 1] = np.nan
    ties[0, 1, :2, :2, :2] = -np.inf
    pool("maxPool3d", "ties_nan_inf", max3, ties.astype(np.float32), kernelSize=2, stride=1)
    pool("avgPool1d", "k3_s2_p1", avg1, (2, 3, 9), kernelSize=3, stride=2, padding=1, gg=True)
    pool("avgPool1d", "exclude", avg1, (3, 8), kernelSize=4, stride=3, padding=2, ceilMode=True, countIncludePad=False)
    pool("avgPool3d", "k2", avg3, (2, 2, 4, 5, 6), kernelSize=2, gg=True)
    pool("avgPool3d", "p1_ceil", avg3, (1, 2, 5, 6, 7), kernelSize=3, stride=2, padding=1, ceilMode=True)
    o = {"kernelSize": [2, 3, 3], "stride": [1, 2, 2], "padding": [1, 1, 0], "countIncludePad": False}
    pool("avgPool3d", "exclude", avg3, (1, 2, 4, 5, 6), gg=True, **o)
    pool("avgPool3d", "divisor", avg3, (2, 4, 4, 4), kernelSize=2, divisorOverride=5)
    for op, f, size in [("1d", F.adaptive_avg_pool1d, 3), ("3d", F.adaptive_avg_pool3d, [2, 3, 5])]:
        pool("adaptiveAvgPool" + op, "a", f, (2, 2, 7) if op == "1d" else (2, 2, 5, 4, 3), outputSize=size, gg=op == "3d")
    for op, f, size in [("1d", F.adaptive_max_pool1d, 3), ("3d", F.adaptive_max_pool3d, [2, 3, 5])]:
        pool("adaptiveMaxPool" + op, "a", best(f), (2, 2, 7) if op == "1d" else (2, 2, 5, 4, 3), outputSize=size)
    positive = lambda *shape: np.abs(normal("lp", *shape)) + np.float32(0.25)
    pool("lpPool1d", "p2", F.lp_pool1d, (2, 3, 9), normType=2, kernelSize=3, gg=True)
    pool("lpPool1d", "p3_ceil", F.lp_pool1d, positive(2, 3, 8), normType=3, kernelSize=3, stride=2, ceilMode=True)
    pool("lpPool2d", "p2", F.lp_pool2d, (2, 2, 6, 7), normType=2, kernelSize=[2, 3], gg=True)
    pool("lpPool2d", "p1.5", F.lp_pool2d, positive(2, 2, 5, 5), normType=1.5, kernelSize=2, stride=1)

    # PyTorch 1.13 has no lp_pool3d: its definition, by the sum over each box.
    def lp3(x, norm_type, kernel_size, stride=None, ceil_mode=False):
        return F.avg_pool3d(x**norm_type, kernel_size, stride, 0, ceil_mode, True, 1) ** (1 / norm_type)

    pool("lpPool3d", "p2", lp3, (2, 2, 4, 5, 4), normType=2, kernelSize=[2, 3, 1], gg=True)
    pool("lpPool3d", "p3_stride", lp3, positive(1, 2, 5, 4, 5), normType=3, kernelSize=2, stride=[1, 2, 3])

    def unpool(op, name, x, before, after, **options):
        full = op + "/" + name
        y, indices = before(torch.from_numpy(normal(full, *x)))
        shape = y.shape
        inputs = {"x": y.numpy(), "indices": indices.numpy().astype(np.int32)}
        family.add(full, op, options, inputs, lambda x, indices: after(x, indices, **arguments(options)), gg=True)

    unpool("maxUnpool1d", "k2", (2, 3, 8), lambda x: max1(x, kernel_size=2), F.max_unpool1d, kernelSize=2)
    max2 = best(F.max_pool2d)
    unpool("maxUnpool2d", "k2", (2, 3, 6, 8), lambda x: max2(x, kernel_size=2), F.max_unpool2d, kernelSize=2)
    o = {"kernelSize": 2, "outputSize": [7, 5]}
    unpool("maxUnpool2d", "size", (1, 2, 7, 5), lambda x: max2(x, kernel_size=2), F.max_unpool2d, **o)
    unpool("maxUnpool3d", "k2", (1, 2, 4, 4, 6), lambda x: max3(x, kernel_size=2), F.max_unpool3d, kernelSize=2)


def make():
    family = Family("resize")
    resizing(family)
    grids(family)
    columns(family)
    borders(family)
    pools(family)
    family.save()
