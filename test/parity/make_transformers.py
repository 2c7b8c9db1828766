# Golden values of transformers: PyTorch in float64, weights by formula.py. As make.py makes those of the convolutional
# networks; besides, the losses of 20 steps of SGD and of AdamW. Writes the folder transformers; run it without arguments, or
# with names of cases.
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "golden"))

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import VisionTransformer

import transformer_nets as nets
from families import golden
from formula import labels, picture, sampled, uniform, value

golden.FOLDER = Path(__file__).resolve().parent / "transformers"
LOGITS, GRADIENTS, STEPS = 2048, 48, 20  # stored of a result, stored of each gradient, on the loss curve
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-3, weight_decay=0.01),
}


def vit(image_size=224, patch_size=16, layers=12, heads=12, d=768, num_classes=1000):
    return VisionTransformer(image_size, patch_size, layers, heads, d, 4 * d, num_classes=num_classes)


class Encoder(nn.TransformerEncoder):
    def __init__(self, d, heads, layers, ff, norm_first, activation, batch_first):
        layer = nn.TransformerEncoderLayer(d, heads, ff, 0, activation, batch_first=batch_first, norm_first=norm_first)
        super().__init__(layer, layers, nn.LayerNorm(d) if norm_first else None, enable_nested_tensor=False)

    def forward(self, src, padding):
        return super().forward(src, src_key_padding_mask=padding)


class Both(nn.Transformer):
    """Causal in the decoder, padding in the encoder and in the memory."""

    def __init__(self, d=512, heads=8, layers=6, ff=2048, norm_first=False, activation="relu"):
        super().__init__(d, heads, layers, layers, ff, 0, activation, norm_first=norm_first)

    def forward(self, src, tgt, padding):
        causal = torch.ones(len(tgt), len(tgt), dtype=torch.bool).triu(1)
        y = super().forward(src, tgt, tgt_mask=causal, src_key_padding_mask=padding, memory_key_padding_mask=padding)
        return y


MODELS = {
    "vit": vit,
    "gpt2": nets.GPT2,
    "bert": nets.Bert,
    "bert_mlm": nets.BertMaskedLM,
    "bert_classifier": nets.BertClassifier,
    "transformer": Both,
    "encoder": Encoder,
}
# Of these the default sizes are in keys.json.
FULL = ["vit", "gpt2", "bert", "bert_mlm", "bert_classifier", "transformer"]

TEXT = {"vocab": 96, "length": 24, "d": 48, "layers": 2, "heads": 4}
VIT = {"image_size": 32, "patch_size": 8, "layers": 2, "heads": 4, "d": 48, "num_classes": 10}
BOTH = {"d": 32, "heads": 4, "layers": 2, "ff": 64}

# (case, model, options, inputs, classes, also training). Inputs: "picture" [..], "ids" [b, t], "sequences" [s, t, b, d].
RUNS = [
    ("vit_b_16", "vit", {"image_size": 64}, {"picture": [2, 3, 64, 64]}, 1000, False),
    ("gpt2", "gpt2", {}, {"ids": [2, 6], "below": 50257}, 50257, False),
    ("bert_base", "bert", {}, {"ids": [2, 8], "below": 30522}, 768, False),
    ("vit_mini", "vit", VIT, {"picture": [4, 3, 32, 32]}, 10, True),
    ("gpt2_mini", "gpt2", TEXT, {"ids": [3, 17], "below": 96}, 96, True),
    ("bert_mlm_mini", "bert_mlm", TEXT, {"ids": [3, 17], "below": 96}, 96, True),
    ("bert_classifier_mini", "bert_classifier", {**TEXT, "num_classes": 3}, {"ids": [5, 24], "below": 96}, 3, True),
    ("transformer_post", "transformer", BOTH, {"sequences": [9, 7, 3, 32]}, 32, True),
    ("transformer_pre", "transformer", {**BOTH, "norm_first": True, "activation": "gelu"}, {"sequences": [9, 7, 3, 32]}, 32, True),
    ("encoder_pre", "encoder", {**BOTH, "norm_first": True, "activation": "relu", "batch_first": True}, {"sequences": [9, 0, 3, 32]}, 32, True),
    ("encoder_post", "encoder", {**BOTH, "norm_first": False, "activation": "gelu", "batch_first": False}, {"sequences": [9, 0, 3, 32]}, 32, True),
]


def readable(b, t):
    """bool [b, t]: row i ends in 2 i tokens of padding."""
    return torch.arange(t)[None] < t - 2 * torch.arange(b)[:, None]


def arguments(case, model, options, given, dtype):
    """What the model is called with."""
    if "picture" in given:
        return [torch.from_numpy(picture(f"{case} x", given["picture"])).to(dtype)]
    if "ids" in given:
        b, t = given["ids"]
        drawn = lambda name, below: torch.from_numpy(labels(f"{case} {name}", b * t, below)).reshape(b, t)
        ids = drawn("x", given["below"])
        return [ids, readable(b, t)] if model == "gpt2" else [ids, readable(b, t), drawn("types", 2)]
    s, t, b, d = given["sequences"]
    padding = ~readable(b, s)
    shape = [b, s, d] if options.get("batch_first") else [s, b, d]
    noise = lambda name, shape: np.sqrt(3.0) * uniform(f"{case} {name}", int(np.prod(shape))).reshape(shape)
    drawn = {"src": shape, "tgt": [t, b, d]} if t else {"src": shape}
    return [torch.from_numpy(noise(k, v).astype(np.float32)).to(dtype) for k, v in drawn.items()] + [padding]


def objective(case, model, classes):
    """The loss of a result, against labels by formula; of masked words every fourth counts."""

    def loss(y):
        rows = y.reshape(-1, classes)
        to = torch.from_numpy(labels(f"{case} y", len(rows), classes))
        if model == "bert_mlm":
            to[torch.arange(len(rows)) % 4 != 0] = -100
        return F.cross_entropy(rows, to)

    return loss


def build(model, options, dtype):
    net = MODELS[model](**options).to(dtype)
    with torch.no_grad():
        for k, v in net.state_dict().items():
            v.copy_(torch.from_numpy(value(k, tuple(v.shape))))
    # In evaluation mode PyTorch 1.13 would leave the ways that are differentiated for fused ones.
    return net.train()


def measure(make, inputs, loss, train):
    out, net = {}, make()
    y = net(*inputs)
    out["logits"] = y.detach()
    if not train:
        return out
    value = loss(y)
    value.backward()
    out["loss"] = value.detach()
    # What is computed outside autograd's sight has none: every parameter must have one.
    out["grads"] = [(k, p.grad) for k, p in net.named_parameters()]
    for name, optimizer in OPTIMIZERS.items():
        net = make()
        step, curve = optimizer(net.parameters()), []
        for _ in range(STEPS):
            step.zero_grad()
            value = loss(net(*inputs))
            value.backward()
            step.step()
            curve.append(value.item())
        out[name] = np.array(curve)
    return out


def off(got, ref):
    got, ref = (np.asarray(t, dtype=np.float64) for t in (got, ref))
    return abs(got - ref).max() / abs(ref).max()


def run(put, case, model, options, given, classes, train):
    loss, found = objective(case, model, classes), {}
    for dtype in (torch.float64, torch.float32):
        inputs = arguments(case, model, options, given, dtype)
        found[dtype] = measure(lambda: build(model, options, dtype), inputs, loss, train)
    ref, f32 = found[torch.float64], found[torch.float32]
    taken = torch.from_numpy(sampled(f"{case} logits", ref["logits"].numel(), LOGITS))
    put(f"{case}/logits", ref["logits"].reshape(-1)[taken].numpy().astype(np.float32))
    put(f"{case}/logits.max", np.array([ref["logits"].abs().max().item()]))
    note = f"{case}: f32 is off by: logits {off(f32['logits'], ref['logits']):.1e}"
    if train:
        put(f"{case}/loss", np.array([ref["loss"].item()]))
        take = lambda k, t: t.reshape(-1)[torch.from_numpy(sampled(k, t.numel(), GRADIENTS))].numpy()
        put(f"{case}/grads", np.stack([take(k, t) for k, t in ref["grads"]]).astype(np.float32))
        # Softmax does not see a bias of the keys: its gradient is 0 but for rounding, and judged by that of the queries' bias.
        like = dict(ref["grads"])
        most = [like[k.replace("key.bias", "query.bias")].abs().max().item() for k, _ in ref["grads"]]
        put(f"{case}/grads.max", np.array(most))
        errors = [(r - g).abs().max().item() for (_, r), (_, g) in zip(ref["grads"], f32["grads"])]
        worst = sorted((e / m, k) for e, m, k in zip(errors, most, like))[-2:]
        note += f", loss {ref['loss'].item():.4g}, gradients {worst}"
        for name in OPTIMIZERS:
            put(f"{case}/{name}", ref[name])
            note += f", {name} {off(f32[name], ref[name]):.1e} down to {ref[name][-1]:.3g}"
    print(note, flush=True)


def keys():
    """keys.json: parameters, and names and shapes of the whole state dict in order."""
    found = {}
    for name in FULL:
        net = MODELS[name]()
        entries = {k: "x".join(map(str, v.shape)) for k, v in net.state_dict().items()}
        found[name] = {"parameters": sum(p.numel() for p in net.parameters()), "entries": entries}
    text = json.dumps(found, separators=(",", ":")).replace('"},', '"},\n').replace("},\"", '},\n"')
    (golden.FOLDER / "keys.json").write_text(text + "\n")
    print("keys.json:", len(text), "bytes;", {k: v["parameters"] for k, v in found.items()}, flush=True)


if __name__ == "__main__":
    torch.set_num_threads(2)
    wanted = sys.argv[1:]
    if not wanted or "keys" in wanted:
        keys()
    for case, model, options, given, classes, train in RUNS:
        if wanted and case not in wanted:
            continue
        tensors = {}
        run(tensors.__setitem__, case, model, options, given, classes, train)
        described = {"case": case, "model": model, "options": options, "inputs": given, "classes": classes}
        metadata = {"case": json.dumps(described), "torch": torch.__version__, "made_by": "test/parity/make_transformers.py"}
        golden.write(f"{case}.safetensors", tensors, metadata)
