# Golden values of whole models: PyTorch in float64, weights by formula.py. How to run and what the names mean: README.md.
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "golden"))

import numpy as np
import torch
from torchvision import models as tv

import nets
from families import golden
from formula import labels, picture, sampled, value

golden.FOLDER = Path(__file__).resolve().parent / "cnn"
OF_GRADIENTS, OF_STATISTICS = 64, 16  # elements stored of each tensor

# name in keys.json: how to make it with its default options
ALL = {
    "alexnet": nets.alexnet,
    "vgg11": nets.vgg11,
    "vgg16": tv.vgg16,
    "vgg16_bn": tv.vgg16_bn,
    "vgg19": tv.vgg19,
    "resnet18": nets.resnet18,
    "resnet34": nets.resnet34,
    "resnet50": nets.resnet50,
    "resnet101": nets.resnet101,
    "se_resnet18": nets.se_resnet18,
    "se_resnet50": nets.se_resnet50,
    "efficientnet_b0": nets.efficientnet_b0,
    "mobilenet_v2": tv.mobilenet_v2,
    "mobilenet_v3_small": tv.mobilenet_v3_small,
    "mobilenet_v3_large": tv.mobilenet_v3_large,
    "densenet121": tv.DenseNet,  # its own function fixes the sizes
    "squeezenet1_1": tv.squeezenet1_1,
    "convnext_tiny": tv.convnext_tiny,
    "unet": nets.Unet,
}

# (case, model, PyTorch's options, shape of x, what is stored). Gradients include statistics, and they the logits.
# A relu that falls the other way in float32 changes gradients by jumps, so those of networks with many are taken of narrow
# ones, at an input that stable() has found; of the mobile ones and EfficientNet with the running statistics as they are ("fixed").
LOGITS, FIXED_GRADIENTS_TOO, STATISTICS_TOO, GRADIENTS_TOO = range(4)
GRADIENTS = (FIXED_GRADIENTS_TOO, GRADIENTS_TOO)
TEN = {"num_classes": 10, "dropout": 0}
STILL = {"stochastic_depth_prob": 0}
RUNS = [
    ("resnet18", "resnet18", {}, [4, 3, 64, 64], STATISTICS_TOO),
    ("resnet18 narrow", "resnet18", {"width": 16}, [4, 3, 64, 64], GRADIENTS_TOO),
    ("resnet34", "resnet34", {}, [2, 3, 64, 64], STATISTICS_TOO),
    ("resnet34 narrow", "resnet34", {"width": 8}, [2, 3, 64, 64], GRADIENTS_TOO),
    ("resnet50", "resnet50", {}, [2, 3, 64, 64], STATISTICS_TOO),
    ("resnet50 narrow", "resnet50", {"width": 8}, [2, 3, 64, 64], GRADIENTS_TOO),
    ("resnet101", "resnet101", {}, [2, 3, 64, 64], LOGITS),
    ("se_resnet18", "se_resnet18", {}, [4, 3, 64, 64], LOGITS),
    ("se_resnet18 narrow", "se_resnet18", {"width": 16}, [4, 3, 64, 64], GRADIENTS_TOO),
    ("se_resnet50", "se_resnet50", {}, [2, 3, 64, 64], LOGITS),
    ("se_resnet50 narrow", "se_resnet50", {"width": 8}, [2, 3, 64, 64], GRADIENTS_TOO),
    ("unet", "unet", {}, [1, 1, 32, 32], LOGITS),
    ("unet narrow", "unet", {"width": 8}, [1, 1, 64, 64], GRADIENTS_TOO),
    ("unet 1d", "unet", {"width": 8, "dimensions": 1, "in_channels": 2}, [2, 2, 256], GRADIENTS_TOO),
    ("unet 3d", "unet", {"width": 4, "depth": 2, "dimensions": 3, "num_classes": 3}, [1, 1, 16, 16, 16], GRADIENTS_TOO),
    ("alexnet", "alexnet", {}, [2, 3, 96, 96], LOGITS),
    ("alexnet narrow", "alexnet", {"hidden": 32, **TEN}, [1, 3, 63, 63], GRADIENTS_TOO),
    ("vgg11", "vgg11", {}, [2, 3, 32, 32], LOGITS),
    ("vgg11 narrow", "vgg11", {"width": 8, "hidden": 32, **TEN}, [2, 3, 32, 32], GRADIENTS_TOO),
    ("vgg16", "vgg16", {}, [1, 3, 32, 32], LOGITS),
    ("vgg16_bn", "vgg16_bn", {}, [1, 3, 32, 32], LOGITS),
    ("vgg19", "vgg19", {}, [1, 3, 32, 32], LOGITS),
    ("squeezenet1_1", "squeezenet1_1", {"dropout": 0}, [2, 3, 64, 64], GRADIENTS_TOO),
    ("mobilenet_v2", "mobilenet_v2", {"dropout": 0}, [4, 3, 64, 64], STATISTICS_TOO),
    ("mobilenet_v2 narrow", "mobilenet_v2", {"width_mult": 0.1}, [1, 3, 32, 32], FIXED_GRADIENTS_TOO),
    ("mobilenet_v3_small", "mobilenet_v3_small", {"dropout": 0}, [4, 3, 64, 64], STATISTICS_TOO),
    (
        "mobilenet_v3_small narrow",
        "mobilenet_v3_small",
        {"dropout": 0, "width_mult": 0.25},
        [2, 3, 64, 64],
        FIXED_GRADIENTS_TOO,
    ),
    ("mobilenet_v3_large", "mobilenet_v3_large", {}, [2, 3, 64, 64], LOGITS),
    ("densenet121", "densenet121", {}, [2, 3, 64, 64], LOGITS),
    (
        "densenet narrow",
        "densenet121",
        {"growth_rate": 8, "num_init_features": 16, "block_config": [2, 3, 3, 2]},
        [2, 3, 64, 64],
        GRADIENTS_TOO,
    ),
    ("efficientnet_b0", "efficientnet_b0", {}, [2, 3, 64, 64], FIXED_GRADIENTS_TOO),
    ("efficientnet_b0 training", "efficientnet_b0", {"dropout": 0, **STILL}, [4, 3, 64, 64], STATISTICS_TOO),
    ("convnext_tiny", "convnext_tiny", STILL, [1, 3, 64, 64], GRADIENTS_TOO),
]


# Cases that are trained too: losses of 20 steps in training mode.
TRAINED = ("unet narrow", "squeezenet1_1", "mobilenet_v3_small narrow", "vgg11 narrow")
STEPS = 20
OPTIMIZERS = {
    "sgd": lambda params: torch.optim.SGD(params, lr=1e-3, momentum=0.9),
    "adamw": lambda params: torch.optim.AdamW(params, lr=1e-4),
}


def keys():
    """keys.json: parameters, and names and shapes of the whole state dict in order."""
    found = {}
    for name, make in ALL.items():
        net = make()
        entries = {k: "x".join(map(str, v.shape)) for k, v in net.state_dict().items()}
        found[name] = {"parameters": sum(p.numel() for p in net.parameters()), "entries": entries}
    text = json.dumps(found, separators=(",", ":")).replace('"},', '"},\n').replace("},\"", '},\n"')
    (golden.FOLDER / "keys.json").write_text(text + "\n")
    print("keys.json:", len(text), "bytes;", {k: v["parameters"] for k, v in found.items()})


def digest(put, case, part, named, count, largest):
    """Elements of each tensor, and the magnitude its error is judged against, in the order of the model."""
    take = lambda k, t: t.detach().reshape(-1)[torch.from_numpy(sampled(k, t.numel(), count))].numpy()
    put(f"{case}/{part}", np.stack([take(k, t) for k, t in named]).astype(np.float32))
    put(f"{case}/{part}.max", np.array(largest, dtype=np.float32))


def measure(net, x, y, what):
    out = {}
    net.eval()
    with torch.no_grad():
        out["logits"] = net(x)
    if what >= FIXED_GRADIENTS_TOO:
        net.train(what >= STATISTICS_TOO)
        loss = torch.nn.functional.cross_entropy(net(x), y)
        out["loss"] = loss.detach()
        out["after"] = [(k, b) for k, b in net.named_buffers() if b.is_floating_point()]
    if what in GRADIENTS:
        loss.backward()
        out["grads"] = [(k, p.grad) for k, p in net.named_parameters()]
    return out


def build(model, options, dtype, noise=None):
    net = ALL[model](**options).to(dtype)
    with torch.no_grad():
        for k, v in net.state_dict().items():
            v.copy_(torch.from_numpy(value(k, tuple(v.shape))))
            if noise and v.is_floating_point():
                v.mul_(1 + NOISE * torch.randn(v.shape, generator=noise, dtype=dtype))
    return net


NOISE = 3e-7  # what float32 does to an activation, and more
STABLE = 4e-5  # of the largest element
TRIES = 60


def error(got, ref, largest):
    return ((got.double() - ref).abs().max() / largest).item()


def sizes(grads):
    """What each gradient's error is judged against: its largest element; where it is 0 by structure, as that of a shift in
    front of a batch norm, the median tensor's."""
    largest = [g.abs().max().item() for _, g in grads]
    median = float(np.median(largest))
    return [median if n < 1e-6 * median else n for n in largest]


def stable(model, options, x, y, what):
    """Float64 results if float32, and float64 under two small disturbances, give the same gradients; else None."""
    ref = measure(build(model, options, torch.float64), x.double(), y, what)
    worst = 0
    for dtype, seed in ((torch.float32, None), (torch.float64, 1), (torch.float64, 2)):
        noise = None if seed is None else torch.Generator().manual_seed(seed)
        got = measure(build(model, options, dtype, noise), x.to(dtype), y, what)
        each = zip(ref["grads"], got["grads"], sizes(ref["grads"]))
        worst = max([worst] + [error(g, r, n) for (_, r), (_, g), n in each])
        if worst > STABLE:
            return None, worst
    return ref, worst


def curve(net, optimizer, x, y):
    """Losses of STEPS steps on one batch, float64 [STEPS]."""
    net.train()
    step, losses = optimizer(net.parameters()), []
    for _ in range(STEPS):
        step.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        step.step()
        losses.append(loss.item())
    return np.array(losses)


def run(put, case, model, options, shape, what):
    """Returns the number in the name of the input that was taken."""
    dense = [shape[0]] if model != "unet" else [shape[0], *shape[2:]]
    classes = options.get("num_classes", 2 if model == "unet" else 1000)
    for number in range(TRIES):
        x = torch.from_numpy(picture(f"{case} x{number}", shape))
        y = torch.from_numpy(labels(f"{case} y", int(np.prod(dense)), classes)).reshape(dense)
        if what not in GRADIENTS:
            ref, note = measure(build(model, options, torch.float64), x.double(), y, what), ""
            break
        ref, worst = stable(model, options, x, y, what)
        note = f"gradients {worst:.1e} x{number}"
        if ref:
            break
    assert ref, f"{case}: no stable input in {TRIES}, {note}"
    put(f"{case}/logits", ref["logits"].numpy().astype(np.float32))
    if "loss" in ref:
        put(f"{case}/loss", np.array([ref["loss"].item()]))
    if ref.get("after"):
        largest = [b.abs().max().item() for _, b in ref["after"]]
        digest(put, case, "after", ref["after"], OF_STATISTICS, largest)
    if "grads" in ref:
        digest(put, case, "grads", ref["grads"], OF_GRADIENTS, sizes(ref["grads"]))
    if case in TRAINED:
        for name, optimizer in OPTIMIZERS.items():
            put(f"{case}/{name}", curve(build(model, options, torch.float64), optimizer, x.double(), y))
    # How much of the logits the picture decides.
    spread = (ref["logits"] - ref["logits"].mean(0)).abs().max() / ref["logits"].abs().max()
    print(f"{case}: logits to {ref['logits'].abs().max():.3g}, spread {spread:.2f}, {note}", flush=True)
    return number


if __name__ == "__main__":
    torch.set_num_threads(1)  # one summation order
    wanted = sys.argv[1:]
    if not wanted or "keys" in wanted:
        keys()
    for case, model, options, shape, what in RUNS:
        if wanted and case not in wanted and "all" not in wanted:
            continue
        tensors = {}
        number = run(tensors.__setitem__, case, model, options, shape, what)
        described = {"case": case, "model": model, "options": options, "shape": shape, "x": f"{case} x{number}"}
        described["training"] = what >= STATISTICS_TOO
        metadata = {"case": json.dumps(described), "torch": torch.__version__, "made_by": "test/parity/make.py"}
        golden.write(f"{case.replace(' ', '_')}.safetensors", tensors, metadata)
