# What every library of the bench has to compute, by PyTorch in float64: works.json -> references.json. Inputs are not stored:
# both sides make them from counters (noise() here, operands.ts there). Of a large output the file keeps 16 sums over blocks
# with signs from the same counters, in which one wrong element shows, and 8 samples, which say where.
#
#   python3 bench/peers/reference.py     (PyTorch 1.13 or newer; the bench itself needs no Python)
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
STEPS = 5  # of a training
LR = 1e-3
BLOCKS = 16
SAMPLES = 8
STORED_WHOLE = 64  # elements

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)  # one summation order


def fnv1a(text):
    h = 0x811C9DC5
    for byte in text.encode():
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    return h


def bits(count, name):
    """lowbias32 (C. Wellons) of counter + seed."""
    h = np.arange(count, dtype=np.uint32) + np.uint32(fnv1a(name))
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x21F0AAAD)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x735A2D97)
    return h ^ (h >> np.uint32(15))


def operand(work, name, shape, scale=1, offset=0, classes=None):
    h = bits(math.prod(shape), f"{work}/{name}")
    if classes is not None:
        return torch.tensor((h % np.uint32(classes)).astype(np.int64)).reshape(shape)
    noise = (h >> np.uint32(8)) / 2**23 - 1
    return torch.tensor(np.float32(offset + scale * noise).astype(np.float64)).reshape(shape)


def with_gradients(f, inputs, dy):
    for x in inputs:
        x.requires_grad_()
    y = f(*inputs)
    return [y, *torch.autograd.grad(y, inputs, dy)]


def conv(x, w, dy=None):
    f = lambda x, w: F.conv2d(x, w, padding=w.shape[-1] // 2, groups=x.shape[1] // w.shape[1])
    return [f(x, w)] if dy is None else with_gradients(f, [x, w], dy)


def attention(q, k, v):
    t = q.shape[-2]
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return scores.masked_fill(torch.ones(t, t).triu(1).bool(), -math.inf).softmax(-1) @ v


def lstm(x, w_ih, w_hh, b):
    h = c = torch.zeros(x.shape[1], w_hh.shape[1])
    ys = []
    for step in x:
        i, f, g, o = (step @ w_ih.T + h @ w_hh.T + b).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        ys.append(h)
    return torch.stack(ys)


OPS = {
    "matmul256": lambda a, b: [a @ b],
    "matmul512": lambda a, b: [a @ b],
    "conv3x3": conv,
    "conv3x3_bwd": conv,
    "conv1x1": conv,
    "conv1x1_bwd": conv,
    "dwconv3x3": conv,
    "dwconv3x3_bwd": conv,
    "maxpool_bwd": lambda x, dy: with_gradients(lambda x: F.max_pool2d(x, 2), [x], dy),
    "softmax": lambda x: [x.softmax(-1)],
    "layernorm": lambda x, weight, bias: [F.layer_norm(x, weight.shape, weight, bias)],
    "sum1m": lambda x: [x.sum()],
    "gelu1m": lambda x: [F.gelu(x * 1.5 + 0.25)],
    "sdpa": lambda q, k, v: [attention(q, k, v)],
    "sdpa_bwd": lambda q, k, v, dy: with_gradients(attention, [q, k, v], dy),
    "lstm_bwd": lambda x, w_ih, w_hh, b, dy: with_gradients(lstm, [x, w_ih, w_hh, b], dy),
}


def descend(params, loss_of):
    """Losses of the first steps of Adam."""
    adam = torch.optim.Adam(params.values(), lr=LR)
    losses = []
    for _ in range(STEPS):
        loss = loss_of(params)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return losses


def linear(p, name, x):
    return F.linear(x, p[f"{name}.weight"], p.get(f"{name}.bias"))


def train_mlp(p, x, labels):
    return descend(p, lambda p: F.cross_entropy(linear(p, "3", linear(p, "1", x).relu()), labels))


def train_lenet(p, x, labels):
    def loss(p):
        y = x
        for name in ("features.0", "features.3"):
            y = F.max_pool2d(F.conv2d(y, p[f"{name}.weight"], p[f"{name}.bias"], padding=2).relu(), 2)
        return F.cross_entropy(linear(p, "head.1", y.flatten(1)), labels)

    return descend(p, loss)


HEADS = 4


def train_gpt(p, ids, labels):
    norm = lambda name, x: F.layer_norm(x, [64], p[f"{name}.weight"], p[f"{name}.bias"])

    def attend(name, x):
        b, t, d = x.shape
        qkv = F.linear(x, p[f"{name}.in_proj_weight"], p[f"{name}.in_proj_bias"])
        q, k, v = (y.reshape(b, t, HEADS, d // HEADS).transpose(1, 2) for y in qkv.chunk(3, -1))
        return linear(p, f"{name}.out_proj", attention(q, k, v).transpose(1, 2).reshape(b, t, d))

    def loss(p):
        x = p["wte.weight"][ids] + p["wpe.weight"]
        for i in range(2):
            x = x + attend(f"blocks.{i}.attn", norm(f"blocks.{i}.ln1", x))
            up = F.gelu(linear(p, f"blocks.{i}.up", norm(f"blocks.{i}.ln2", x)))
            x = x + linear(p, f"blocks.{i}.down", up)
        return F.cross_entropy(linear(p, "head", norm("ln", x)).flatten(0, 1), labels.flatten())

    return descend(p, loss)


def train_dcgan(p, real, z):
    """A step: D on real and generated pictures, then G against the new D. Returns pairs of losses."""
    g = {k: v for k, v in p.items() if k.startswith("g.")}
    d = {k: v for k, v in p.items() if k.startswith("d.")}
    up = lambda name, x: F.conv_transpose2d(x, p[f"{name}.weight"], p[f"{name}.bias"], stride=2, padding=1)
    down = lambda name, x: F.conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"], stride=2, padding=1)
    generate = lambda: up("g.5", up("g.3", linear(p, "g.0", z).relu().reshape(-1, 32, 7, 7)).relu()).tanh()
    judge = lambda x: linear(p, "d.5", F.leaky_relu(down("d.2", F.leaky_relu(down("d.0", x), 0.2)), 0.2).flatten(1))
    adams = [torch.optim.Adam(part.values(), lr=LR) for part in (d, g)]
    losses = []
    for _ in range(STEPS):
        fake = generate()
        loss_d = F.softplus(-judge(real)).mean() + F.softplus(judge(fake.detach())).mean()
        adams[0].zero_grad()
        loss_d.backward()
        adams[0].step()
        loss_g = F.softplus(-judge(fake)).mean()
        adams[1].zero_grad()
        loss_g.backward()
        adams[1].step()
        losses += [loss_d.item(), loss_g.item()]
    return losses


TRAININGS = {"train_mlp": train_mlp, "train_lenet": train_lenet, "train_gpt": train_gpt, "train_dcgan": train_dcgan}


def number(x):
    return float(f"{x:.9g}")


def digest(work, name, values):
    v = np.asarray(values, dtype=np.float64).ravel()
    if v.size <= STORED_WHOLE:
        return {"size": v.size, "values": [number(x) for x in v]}
    signs = 1.0 - 2.0 * (bits(v.size, f"{work}/{name}/sign") & np.uint32(1))
    block = -(-v.size // BLOCKS)
    at = [int(i) for i in bits(SAMPLES, f"{work}/{name}/sample") % np.uint32(v.size)]
    return {
        "size": v.size,
        "max": number(abs(v).max()),
        "blocks": [number(x) for x in np.add.reduceat(v * signs, range(0, v.size, block))],
        "samples": [[i, number(v[i])] for i in at],
    }


def main():
    works = json.loads((HERE / "works.json").read_text())
    references = {}
    for work, spec in works.items():
        inputs = {k: operand(work, k, **v) for k, v in spec["inputs"].items()}
        if "params" in spec:
            params = {k: operand(work, k, **v).requires_grad_() for k, v in spec["params"].items()}
            outputs = [TRAININGS[work](params, **inputs)]
        else:
            outputs = [y.detach().numpy() for y in OPS[work](**inputs)]
        references[work] = {n: digest(work, n, y) for n, y in zip(spec["outputs"], outputs, strict=True)}
    rows = (f"  {json.dumps(work)}: {json.dumps(r)}" for work, r in references.items())
    (HERE / "references.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")


main()
