# What layers must agree on with PyTorch: keys, shapes and order of a state dict, the bounds of the default
# initialisers, one small network in evaluation and training. sequential.safetensors is a plain checkpoint, as
# PyTorch users write it (I64 num_batches_tracked included); layers.safetensors holds what it computes.
import json
import math

import numpy as np
import torch
from torch import nn

from .golden import FOLDER, Family, f32, normal, pair, write


def network():
    """x [n, 3, 9, 7] -> [n, 5]"""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 3, 5),
    )


MODULES = [
    {"layer": "Conv2d", "args": {"inChannels": 3, "outChannels": 4, "kernelSize": 3, "padding": 1}},
    {"layer": "BatchNorm2d", "args": {"channels": 4}},
    {"layer": "ReLU", "args": {}},
    {"layer": "MaxPool2d", "args": {"kernelSize": 2}},
    {"layer": "Flatten", "args": {}},
    {"layer": "Linear", "args": {"inFeatures": 48, "outFeatures": 5}},
]


def init_bounds():
    """weight and bias ~ U(-bound, bound): kaiming_uniform(a = sqrt(5)) is 1/sqrt(fanIn), for the bias too."""
    layers, rows = [], []
    for fan, out in ((784, 300), (48, 5), (1, 4000)):
        layers.append(("Linear", {"inFeatures": fan, "outFeatures": out}, nn.Linear(fan, out)))
    for cin, cout, kernel, groups in ((1, 600, 5, 1), (16, 200, 3, 1), (32, 320, 3, 32), (8, 200, [3, 5], 4)):
        args = {"inChannels": cin, "outChannels": cout, "kernelSize": kernel, "groups": groups}
        layers.append(("Conv2d", args, nn.Conv2d(cin, cout, pair(kernel), groups=groups)))
    for name, args, layer in layers:
        fan_in = layer.weight[0].numel()
        bound = 1 / math.sqrt(fan_in)
        for drawn in (layer.weight, layer.bias):  # the formula must be PyTorch's: its draws fill the interval
            largest = drawn.abs().max()
            assert largest <= bound and (drawn.numel() < 100 or largest > 0.95 * bound), (name, args)
        rows.append(
            {
                "layer": name,
                "args": args,
                "fanIn": fan_in,
                "weightShape": list(layer.weight.shape),
                "weightBound": bound,
                "biasBound": bound,
                "weightStd": bound / math.sqrt(3),
            }
        )
    return rows


def make():
    torch.manual_seed(0)
    net = network()
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                drawn = torch.from_numpy(normal("layers/" + key, *value.shape)).double()
                value.copy_(torch.exp(drawn).float() if key.endswith("running_var") else drawn * 0.3)
    for value in list(net.parameters()) + list(net.buffers()):
        value.data = value.data.float().double() if value.is_floating_point() else value.data
    state = net.state_dict()
    as_stored = lambda v: f32(v) if v.is_floating_point() else v.numpy().astype(np.int64)
    write("sequential.safetensors", {k: as_stored(v) for k, v in state.items()}, {"format": "pt"})

    dtype = lambda value: "F32" if value.is_floating_point() else "I64"
    row = lambda key, value: {"key": key, "shape": list(value.shape), "dtype": dtype(value)}
    document = {
        "torch": torch.__version__,
        "sequential": {
            "modules": MODULES,
            "stateDict": [row(k, v) for k, v in state.items()],
            "parameters": [k for k, _ in net.named_parameters()],
        },
        "initBounds": init_bounds(),
        "initConstants": {
            "BatchNorm2d": {
                "weight": 1,
                "bias": 0,
                "running_mean": 0,
                "running_var": 1,
                "num_batches_tracked": 0,
            },
            "LayerNorm": {"weight": 1, "bias": 0},
        },
        "initNormal": {"Embedding": {"weight": {"mean": 0, "std": 1}}},
    }
    (FOLDER / "layers.json").write_text(json.dumps(document, indent=1) + "\n")

    family, x = Family("layers"), normal("layers/x", 3, 3, 9, 7)
    for mode in ("eval", "train"):  # eval first: train moves the running statistics
        getattr(net, mode)()
        case(family, net, mode, x)
    family.save()


def case(family, net, mode, x):
    name, put = f"sequential/{mode}", family.tensors.__setitem__
    leaf = torch.from_numpy(x).double().requires_grad_()
    y = net(leaf)
    dy = normal(f"layers/dy/{mode}", *y.shape)
    net.zero_grad()
    y.backward(torch.from_numpy(dy).double())
    for key, value in (("in.x", x), ("out.0", y), ("dy.0", dy), ("grad.x", leaf.grad)):
        put(f"{name}/{key}", f32(value))
    for key, value in net.named_parameters():
        put(f"{name}/grad.{key}", f32(value.grad))
    for key, value in net.named_buffers():
        put(f"{name}/after.{key}", f32(value))
    family.cases.append({"name": name, "op": "sequential", "options": {"training": mode == "train"}})
