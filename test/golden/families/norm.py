# batchNorm over channel axis 1 and layerNorm over the trailing axes. after.runningMean, after.runningVar: the
# statistics after the call (running variance: unbiased; normalising variance: biased).
import numpy as np
import torch.nn.functional as F

from .golden import Family, normal


def batch_norm(family, name, x, training, affine=True, running=True, gg=False, **options):
    c = x.shape[1]
    inputs = {"x": x}
    if affine:
        inputs["weight"] = normal("bn/weight", c)
        inputs["bias"] = normal("bn/bias", c)
    if running:
        inputs["runningMean"] = normal("bn/mean", c)
        inputs["runningVar"] = np.exp(normal("bn/var", c))

    def fn(x, weight=None, bias=None, runningMean=None, runningVar=None):
        return F.batch_norm(
            x,
            runningMean,
            runningVar,
            weight,
            bias,
            training,
            options.get("momentum", 0.1),
            options.get("eps", 1e-5),
        )

    after = ["runningMean", "runningVar"] if running else []
    family.add(
        "batchNorm/" + name, "batchNorm", {"training": training, **options}, inputs, fn, gg=gg, after=after
    )


def layer_norm(family, name, x, axes, affine=True, bias=True, gg=False, **options):
    shape = list(x.shape[-axes:])
    inputs = {"x": x}
    if affine:
        inputs["weight"] = normal("ln/weight", *shape)
        if bias:
            inputs["bias"] = normal("ln/bias", *shape)
    fn = lambda x, weight=None, bias=None: F.layer_norm(x, shape, weight, bias, options.get("eps", 1e-5))
    family.add("layerNorm/" + name, "layerNorm", {"normalizedShape": shape, **options}, inputs, fn, gg=gg)


def make():
    family = Family("norm")
    x = lambda *shape: normal("norm/" + "x".join(map(str, shape)), *shape)

    batch_norm(family, "train_4d", x(3, 5, 4, 3), True, gg=True)
    batch_norm(family, "train_4d_plain", x(3, 5, 4, 3), True, affine=False, gg=True)
    batch_norm(family, "train_4d_no_running", x(3, 5, 4, 3), True, running=False)
    batch_norm(family, "train_2d", x(7, 4), True, gg=True)
    batch_norm(family, "train_3d", x(3, 2, 5), True)
    batch_norm(family, "train_batch1", x(1, 3, 5, 7), True)
    batch_norm(family, "train_two_values", x(2, 3), True)
    batch_norm(family, "train_momentum_eps", x(3, 5, 4, 3), True, momentum=0.37, eps=1e-2)
    batch_norm(family, "train_momentum0", x(7, 4), True, momentum=0.0)
    batch_norm(family, "train_momentum1", x(7, 4), True, momentum=1.0)
    batch_norm(family, "train_constant_input", np.full((2, 2, 3, 3), 1.5, np.float32), True)
    # Mean far above the spread: E[x^2] - E[x]^2 in f32 would lose every digit of the variance.
    batch_norm(family, "train_mean1000", x(3, 5, 4, 3) + np.float32(1000), True)
    batch_norm(family, "train_wide", x(2, 3, 13, 17), True)
    batch_norm(family, "train_5d", x(2, 3, 3, 4, 5), True, gg=True)
    batch_norm(family, "eval_5d", x(2, 3, 3, 4, 5), False, gg=True)
    batch_norm(family, "eval_4d", x(3, 5, 4, 3), False, gg=True)
    batch_norm(family, "eval_4d_plain", x(3, 5, 4, 3), False, affine=False)
    batch_norm(family, "eval_2d", x(7, 4), False, gg=True)
    batch_norm(family, "eval_batch1_eps", x(1, 3), False, eps=1e-2)

    layer_norm(family, "last", x(2, 3, 7), 1, gg=True)
    layer_norm(family, "last_plain", x(2, 3, 7), 1, affine=False, gg=True)
    layer_norm(family, "last_no_bias", x(2, 3, 7), 1, bias=False)
    layer_norm(family, "two_axes", x(3, 4, 5), 2, gg=True)
    layer_norm(family, "two_axes_plain", x(3, 4, 5), 2, affine=False)
    layer_norm(family, "two_axes_4d", x(3, 5, 4, 3), 2)
    layer_norm(family, "whole", x(4, 5), 2)
    layer_norm(family, "vector", x(9), 1)
    layer_norm(family, "eps", x(2, 3, 7), 1, eps=1e-2)
    layer_norm(family, "one_value", x(5, 1), 1)
    layer_norm(family, "constant_input", np.full((2, 6), 1.5, np.float32), 1)
    layer_norm(family, "mean1000", x(4, 33) + np.float32(1000), 1)
    layer_norm(family, "wide", x(3, 300), 1)
    family.save()
