# Penalties on the gradient of a critic in its input, whose training differentiates twice through every layer: WGAN-GP
# (Gulrajani et al. 2017), mean((|d critic/dx| - 1)^2), and R1 (Mescheder et al. 2018), mean(|d critic/dx|^2). The critic:
# conv, norm, leaky ReLU, conv, leaky ReLU, a linear layer. Gradients in its parameters and in x.
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal

NORMS = {
    "none": lambda y, w, b: y,
    "batchNorm": lambda y, w, b: F.batch_norm(y, None, None, w, b, True),
    "instanceNorm": lambda y, w, b: F.instance_norm(y, None, None, w, b),
    "groupNorm": lambda y, w, b: F.group_norm(y, 2, w, b),
    "layerNorm": lambda y, w, b: F.layer_norm(y, y.shape[1:], w, b),
    "rmsNorm": lambda y, w, b: y * (y.square().mean(-1, keepdim=True) + 2.0**-23).rsqrt() * w,
}


def critic(kind, groups, slope):
    def run(x, w1, w2, head, weight=None, bias=None):
        y = F.conv2d(x, w1, None, 2, 1, 1, groups)  # [n, 4, 4, 3]
        y = F.leaky_relu(NORMS[kind](y, weight, bias), slope)
        y = F.leaky_relu(F.conv2d(y, w2, None, 1, 1), slope)
        return y.flatten(1) @ head  # [n]

    return run


def penalised(run, kind):
    def fn(x, **parameters):
        inner = x.clone().requires_grad_() if not x.requires_grad else x
        (dx,) = torch.autograd.grad(run(inner, **parameters).sum(), inner, create_graph=True)
        lengths = dx.flatten(1).square().sum(1)
        return lengths.mean() if kind == "r1" else (lengths.sqrt() - 1).square().mean()

    return fn


def make():
    family = Family("penalties")
    for norm in NORMS:
        for groups in (1, 2):
            for kind in ("wganGp", "r1"):
                if groups == 2 and norm not in ("none", "batchNorm", "instanceNorm"):
                    continue
                name = f"{kind}/{norm}_g{groups}"
                inputs = {
                    "x": normal(name + "/x", 3, 2, 8, 6),
                    "w1": normal(name + "/w1", 4, 2 // groups, 3, 3) * np.float32(0.5),
                    "w2": normal(name + "/w2", 3, 4, 3, 3) * np.float32(0.4),
                    "head": normal(name + "/head", 36) * np.float32(0.5),
                }
                shape = {"none": None, "layerNorm": (4, 4, 3), "rmsNorm": (3,)}.get(norm, (4,))
                if shape:
                    inputs["weight"] = np.abs(normal(name + "/weight", *shape)) + np.float32(0.5)
                    if norm != "rmsNorm":
                        inputs["bias"] = normal(name + "/bias", *shape)
                options = {"norm": norm, "groups": groups, "kind": kind, "slope": 0.2}
                fn = penalised(critic(norm, groups, 0.2), kind)
                if norm == "rmsNorm":
                    fn = (lambda f: lambda x, **p: f(x, **{"bias": None, **p}))(fn)
                family.add(name, "gradientPenalty", options, inputs, fn)
    family.save()
