# groupNorm, instanceNorm (after.runningMean, after.runningVar: running averages), rmsNorm (PyTorch 1.13 has none: its formula),
# localResponseNorm, weightNorm, spectralNorm (after.u, after.v: the vectors after the power iteration).
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal


def group_norm(family, name, x, groups, affine=True, gg=False, **options):
    c = x.shape[1]
    inputs = {"x": x}
    if affine:
        inputs.update(weight=normal("gn/weight", c), bias=normal("gn/bias", c))
    fn = lambda x, weight=None, bias=None: F.group_norm(x, groups, weight, bias, options.get("eps", 1e-5))
    family.add("groupNorm/" + name, "groupNorm", {"groups": groups, **options}, inputs, fn, gg=gg)


def instance_norm(family, name, x, affine=True, running=False, gg=False, **options):
    c = x.shape[1]
    inputs = {"x": x}
    if affine:
        inputs.update(weight=normal("in/weight", c), bias=normal("in/bias", c))
    if running:
        inputs.update(runningMean=normal("in/mean", c), runningVar=np.exp(normal("in/var", c)))

    def fn(x, weight=None, bias=None, runningMean=None, runningVar=None):
        use = options.get("useInputStats", True)
        more = (options.get("momentum", 0.1), options.get("eps", 1e-5))
        return F.instance_norm(x, runningMean, runningVar, weight, bias, use, *more)

    after = ["runningMean", "runningVar"] if running else []
    family.add("instanceNorm/" + name, "instanceNorm", options, inputs, fn, gg=gg, after=after)


def rms_norm(family, name, x, axes, affine=True, gg=False, **options):
    shape = list(x.shape[-axes:])
    inputs = {"x": x, **({"weight": normal("rms/weight", *shape)} if affine else {})}

    def fn(x, weight=None):
        y = x * (x.square().mean(list(range(-axes, 0)), keepdim=True) + options.get("eps", 2.0**-23)).rsqrt()
        return y if weight is None else y * weight

    family.add("rmsNorm/" + name, "rmsNorm", {"normalizedShape": shape, **options}, inputs, fn, gg=gg)


def response_norm(family, name, x, size, gg=False, **options):
    fn = lambda x: F.local_response_norm(x, size, **options)
    family.add("localResponseNorm/" + name, "localResponseNorm", {"size": size, **options}, {"x": x}, fn, gg=gg)


def weight_norm(family, name, v, axis, gg=False):
    shape = [] if axis is None else [s if i == axis else 1 for i, s in enumerate(v.shape)]
    # Not torch._weight_norm: its second gradient is wrong in 1.13 (gradgradcheck fails).
    fn = lambda v, g: v * (g / torch.norm_except_dim(v, 2, -1 if axis is None else axis))
    inputs = {"v": v, "g": normal("wn/" + name, *shape)}
    family.add("weightNorm/" + name, "weightNorm", {"axis": axis}, inputs, fn, gg=gg)


def spectral_norm(family, name, weight, iterations, axis=0, gg=False):
    rows = weight.shape[axis]
    unit = lambda x: (x / np.linalg.norm(x)).astype(np.float32)
    u, v = unit(normal("sn/u" + name, rows)), unit(normal("sn/v" + name, weight.size // rows))

    def fn(weight, u, v):
        w = weight.movedim(axis, 0).reshape(rows, -1)
        with torch.no_grad():
            for _ in range(iterations):
                v.copy_(F.normalize(w.t() @ u, dim=0, eps=1e-12))
                u.copy_(F.normalize(w @ v, dim=0, eps=1e-12))
        return weight / torch.dot(u.clone(), w @ v.clone())

    options = {"iterations": iterations, "axis": axis}
    inputs = {"weight": weight, "u": u, "v": v}
    family.add("spectralNorm/" + name, "spectralNorm", options, inputs, fn, gg=gg, after=["u", "v"])


def make():
    family = Family("norm2")
    x = lambda *shape: normal("norm2/" + "x".join(map(str, shape)), *shape)

    group_norm(family, "4d", x(3, 6, 4, 3), 3, gg=True)
    group_norm(family, "4d_plain", x(3, 6, 4, 3), 2, affine=False, gg=True)
    group_norm(family, "one_group", x(2, 4, 5), 1)
    group_norm(family, "own_groups", x(2, 4, 5), 4)
    group_norm(family, "2d", x(3, 8), 2, gg=True)
    group_norm(family, "5d_eps", x(2, 4, 2, 3, 2), 2, eps=1e-2)
    group_norm(family, "wide", x(2, 6, 13, 17), 3)
    group_norm(family, "mean1000", x(2, 4, 4, 4) + np.float32(1000), 2)

    instance_norm(family, "4d", x(3, 5, 4, 3), gg=True)
    instance_norm(family, "3d_plain", x(3, 5, 7), affine=False, gg=True)
    instance_norm(family, "5d", x(2, 3, 2, 3, 2))
    instance_norm(family, "running", x(3, 5, 4, 3), running=True, gg=True)
    instance_norm(family, "running_momentum", x(3, 5, 7), running=True, momentum=0.4)
    instance_norm(family, "evaluation", x(3, 5, 4, 3), running=True, useInputStats=False, gg=True)
    instance_norm(family, "eps", x(3, 5, 7), eps=1e-2)

    rms_norm(family, "last", x(2, 3, 7), 1, gg=True)
    rms_norm(family, "last_plain", x(2, 3, 8), 1, affine=False, gg=True)
    rms_norm(family, "two_axes", x(3, 4, 5), 2, gg=True)
    rms_norm(family, "vector", x(9), 1)
    rms_norm(family, "eps", x(2, 3, 7), 1, eps=1e-2)
    rms_norm(family, "one_value", x(5, 1), 1)
    rms_norm(family, "zeros", np.zeros((2, 6), np.float32), 1)
    rms_norm(family, "wide", x(3, 300), 1)
    rms_norm(family, "mean1000", x(4, 33) + np.float32(1000), 1)

    response_norm(family, "5", x(2, 7, 3, 4), 5, gg=True)
    response_norm(family, "2", x(2, 7, 3, 4), 2, alpha=0.1, gg=True)
    response_norm(family, "3d", x(2, 5, 6), 3, alpha=0.5, beta=0.5, k=2.0)
    response_norm(family, "wider_than_channels", x(2, 3, 4), 9, alpha=0.3)

    weight_norm(family, "linear", x(4, 6), 0, gg=True)
    weight_norm(family, "conv", x(4, 3, 2, 2), 0, gg=True)
    weight_norm(family, "transposed", x(4, 3, 2, 2), 1)
    weight_norm(family, "last", x(3, 4, 5), 2)

    spectral_norm(family, "linear", x(4, 6), 1, gg=True)
    spectral_norm(family, "conv", x(4, 3, 2, 2), 3, gg=True)
    spectral_norm(family, "transposed", x(4, 3, 2, 2), 1, axis=1)
    spectral_norm(family, "frozen", x(4, 6), 0)
    family.save()
