# LSTM, GRU and RNN as torch.nn has them: inputs x, h0, c0 and the parameters under PyTorch's keys; outputs y
# [t, b, h] ([b, t, h] if batchFirst), h_n (and c_n). lengths: packed, enforce_sorted=False, y padded to t.
import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .golden import Family, normal

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def stack(
    family, kind, name, t, b, inputs, hidden, states=False, lengths=None, gg=False, scale=1.0, **options
):
    layers, both = options.get("numLayers", 1), options.get("bidirectional", False)
    batch_first, bias = options.get("batchFirst", False), options.get("bias", True)
    keywords = {"nonlinearity": options["nonlinearity"]} if "nonlinearity" in options else {}
    module = getattr(torch.nn, kind)(
        inputs, hidden, layers, bias=bias, batch_first=batch_first, bidirectional=both, **keywords
    )
    case = f"{kind}/{name}"
    draw = lambda part, *shape: normal(f"recurrent/{case}/{part}", *shape) * np.float32(scale)
    values = {"x": draw("x", *((b, t, inputs) if batch_first else (t, b, inputs)))}
    count = layers * (2 if both else 1)
    if states:
        values["h0"] = draw("h0", count, b, hidden)
        if kind == "LSTM":
            values["c0"] = draw("c0", count, b, hidden)
    for key, p in module.named_parameters():
        values[key] = draw(key, *p.shape) / np.float32(np.sqrt(hidden) if p.dim() > 1 else 2)

    def fn(x, h0=None, c0=None, **weights):
        state = h0 if kind != "LSTM" or h0 is None else (h0, c0)
        if lengths:
            x = pack_padded_sequence(x, torch.tensor(lengths), batch_first, enforce_sorted=False)
        module._flat_weights = [weights[key] for key in module._flat_weights_names]  # what forward reads
        y, last = module(x, state)
        if lengths:
            y, _ = pad_packed_sequence(y, batch_first, total_length=t)
        return [y, *last] if kind == "LSTM" else [y, last]

    sizes = {"inputSize": inputs, "hiddenSize": hidden, **({"lengths": lengths} if lengths else {})}
    family.add(case, kind, {**sizes, **options}, values, fn, gg=gg)


def make():
    family = Family("recurrent")
    for kind in GATES:
        add = lambda name, *sizes, **options: stack(family, kind, name, *sizes, **options)
        add("plain", 4, 3, 5, 4, gg=True)
        add("states", 3, 2, 4, 8, states=True, gg=True)
        add("odd_states", 3, 2, 3, 5, states=True, gg=True)
        add("no_bias", 4, 3, 5, 4, bias=False, states=True)
        add("one_step", 1, 3, 2, 5, states=True)
        add("hidden1", 5, 2, 3, 1, states=True)
        add("batch1", 4, 1, 6, 12, states=True)
        add("hidden20", 6, 5, 10, 20)
        add("hidden33", 3, 6, 7, 33, states=True)
        add("two_layers", 3, 2, 4, 4, states=True, numLayers=2, gg=True)
        add("bidirectional", 3, 2, 3, 4, states=True, bidirectional=True, gg=True)
        add("two_layers_bidirectional", 4, 3, 3, 5, states=True, numLayers=2, bidirectional=True)
        add("batch_first", 4, 3, 2, 4, states=True, batchFirst=True)
        add("lengths_sorted", 5, 4, 3, 4, lengths=[5, 4, 2, 1], states=True)
        add("lengths_unsorted", 4, 5, 3, 5, lengths=[2, 4, 1, 3, 4], states=True)
        add("lengths_bidirectional", 4, 3, 3, 4, lengths=[1, 4, 2], states=True, bidirectional=True, gg=True)
        add(
            "lengths_all",
            4,
            3,
            3,
            4,
            lengths=[3, 1, 2],
            states=True,
            numLayers=2,
            bidirectional=True,
            batchFirst=True,
            bias=False,
        )
        add("saturated", 4, 2, 3, 4, scale=6.0)
    for name, options in {
        "relu": {},
        "relu_states": {"states": True, "gg": True},
        "relu_lengths_bidirectional": {"lengths": [2, 4, 3], "states": True, "bidirectional": True},
    }.items():
        stack(family, "RNN", name, 4, 3, 5, 8, nonlinearity="relu", **options)
    family.save()
