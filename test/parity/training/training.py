# Golden training: what nets give in evaluation, and in training losses, gradients, running statistics and the losses of some
# steps of two optimizers; PyTorch in float64, weights by ../formula.py. Nets and losses: sequences.py, gans.py.
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "golden")]

import numpy as np
import torch

from families import golden
from formula import STRIPE, labels, picture, sampled, value

golden.FOLDER = HERE
GRADIENTS, STATISTICS, OUTPUTS = 32, 16, 512  # elements stored of each tensor
NOISE = 3e-7  # what float32 does to an activation, and more
STABLE = 2e-5  # of the largest element: an input is taken if rounding moves no gradient further
TRIES = 40


class Inputs:
    """Inputs by formula, each under its own name; `number` is that of the try."""

    def __init__(self, case, number, dtype):
        self.prefix, self.dtype = f"{case} {number}", dtype

    def real(self, name, *shape):
        """A value of its own for each element: one of each stripe of a picture."""
        stripes = picture(f"{self.prefix} {name}", [*shape, STRIPE])[..., 0]
        return torch.from_numpy(np.ascontiguousarray(stripes)).to(self.dtype)

    def ids(self, name, classes, *shape):
        return torch.from_numpy(labels(f"{self.prefix} {name}", int(np.prod(shape)), classes)).reshape(shape)


class Case:
    """nets() -> {name: module}; x(inputs) -> what outputs(nets, x) and losses[name](nets, x), that of net `name`, read."""

    def __init__(self, name, nets, x, outputs, losses, steps=20, rates=(0.05, 1e-3), betas=(0.9, 0.999)):
        self.name, self.nets, self.x, self.outputs, self.losses = name, nets, x, outputs, losses
        self.steps, self.rates, self.betas = steps, rates, betas

    def build(self, dtype, noise=None):
        nets = {k: net.to(dtype) for k, net in self.nets().items()}
        with torch.no_grad():
            for net in nets.values():
                for k, v in net.state_dict().items():
                    v.copy_(torch.from_numpy(value(k, tuple(v.shape))))
                    if noise and v.is_floating_point():
                        v.mul_(1 + NOISE * torch.randn(v.shape, generator=noise, dtype=dtype))
        return nets

    def measure(self, number, dtype, noise=None):
        nets, x = self.build(dtype, noise), self.x(Inputs(self.name, number, dtype))
        for net in nets.values():
            net.eval()
        with torch.no_grad():
            out = {"out": self.outputs(nets, x), "loss": {}, "grads": {}, "after": {}}
        for net in nets.values():
            net.train()
        for k, loss in self.losses.items():
            for net in nets.values():
                net.zero_grad()
            total = loss(nets, x)
            total.backward()
            out["loss"][k] = total.item()
            out["grads"][k] = [(name, p.grad.clone()) for name, p in nets[k].named_parameters()]
        for k, net in nets.items():
            buffers = [(name, b) for name, b in net.named_buffers() if b.is_floating_point()]
            if buffers and self.losses:
                out["after"][k] = buffers
        return out

    def curve(self, number, dtype, which):
        """Losses of alternating steps [steps, nets]."""
        nets, x = self.build(dtype), self.x(Inputs(self.name, number, dtype))
        make = {
            "sgd": lambda ps: torch.optim.SGD(ps, lr=self.rates[0], momentum=0.9),
            "adamw": lambda ps: torch.optim.AdamW(ps, lr=self.rates[1], betas=self.betas),
        }[which]
        optimizers = {k: make(nets[k].parameters()) for k in self.losses}
        found = []
        for _ in range(self.steps):
            for k, loss in self.losses.items():
                optimizers[k].zero_grad()
                total = loss(nets, x)
                total.backward()
                optimizers[k].step()
                found.append(total.item())
        return np.array(found).reshape(self.steps, -1)


def floor_of(grads):
    """Some gradients are 0 whatever the values. All are judged by a hundredth of the median tensor at least."""
    return 0.01 * float(np.median([g.abs().max().item() for _, g in grads]))


def worst(ref, got):
    """Of all gradients."""
    found = 0.0
    for k, grads in ref["grads"].items():
        floor = floor_of(grads)
        for (_, r), (_, g) in zip(grads, got["grads"][k]):
            found = max(found, ((g.double() - r).abs().max() / max(r.abs().max().item(), floor)).item())
    return found


def digest(put, key, named, count, floor=0.0):
    """Elements of each tensor, and its largest magnitude, in the order of the model."""
    take = lambda k, t: t.detach().reshape(-1)[torch.from_numpy(sampled(k, t.numel(), count))].numpy()
    put(key, np.stack([take(k, t) for k, t in named]).astype(np.float32))
    put(f"{key}.max", np.array([max(t.abs().max().item(), floor) for _, t in named], dtype=np.float32))


def spread(ref, got):
    return float(np.max(np.abs(ref - got)) / np.max(np.abs(ref)))


def record(put, case):
    for number in range(TRIES):
        ref = case.measure(number, torch.float64)
        off = worst(ref, case.measure(number, torch.float32))
        off = max(off, worst(ref, case.measure(number, torch.float64, torch.Generator().manual_seed(1))))
        if off <= STABLE:
            break
    assert off <= STABLE, f"{case.name}: no stable input in {TRIES}, {off:.1e}"
    for k, t in ref["out"].items():
        t = t.detach()
        if t.dtype == torch.int64:
            put(f"{case.name}/out.{k}", t.numpy().astype(np.int32))
        elif t.numel() <= OUTPUTS:
            put(f"{case.name}/out.{k}", t.numpy().astype(np.float32))
        else:
            digest(put, f"{case.name}/out.{k}", [(k, t)], OUTPUTS)
    for k in case.losses:
        put(f"{case.name}/loss.{k}", np.array([ref["loss"][k]]))
        digest(put, f"{case.name}/grads.{k}", ref["grads"][k], GRADIENTS, floor_of(ref["grads"][k]))
    for k, buffers in ref["after"].items():
        digest(put, f"{case.name}/after.{k}", buffers, STATISTICS)
    notes = []
    for which in ("sgd", "adamw") if case.losses else ():
        curve = case.curve(number, torch.float64, which)
        put(f"{case.name}/{which}", curve)
        notes.append(
            f"{which} {curve[0]} -> {curve[-1]}, float32 {spread(curve, case.curve(number, torch.float32, which)):.1e}"
        )
    print(f"{case.name} x{number}: gradients {off:.1e}; {'; '.join(notes)}", flush=True)
    count = lambda net: sum(p.numel() for p in net.parameters())
    shapes = lambda net: {k: "x".join(map(str, v.shape)) for k, v in net.state_dict().items()}
    nets = case.nets()
    return {
        "name": case.name,
        "number": number,
        "steps": case.steps,
        "rates": case.rates,
        "betas": case.betas,
        "parameters": {k: count(net) for k, net in nets.items()},
        "entries": {k: shapes(net) for k, net in nets.items()},
    }


def write(file, cases):
    torch.set_num_threads(2)
    tensors = {}
    described = [record(tensors.__setitem__, case) for case in cases]
    metadata = {"cases": json.dumps(described, separators=(",", ":")), "torch": torch.__version__}
    golden.write(file, tensors, {**metadata, "made_by": f"test/parity/training/{file.split('.')[0]}.py"})
