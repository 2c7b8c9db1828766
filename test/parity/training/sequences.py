# Recurrent networks, sequence to sequence, and hybrids of convolutions with recurrences or attention, as src/models has them.
# Makes sequences.safetensors.
import torch
from torch import nn
from torch.nn import functional as F

from training import Case, write


class Layers(nn.Module):
    """The states as a tuple, [h] or [h, c]; lengths in any order."""

    def run(self, rnn, x, states=None, lengths=None):
        if states is not None:
            states = tuple(states) if isinstance(rnn, nn.LSTM) else states[0]
        if lengths is not None:
            x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, h = rnn(x, states)
        if lengths is not None:
            y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True)
        return y, h if isinstance(h, tuple) else (h,)


def last(h, bidirectional):
    return torch.cat([h[-2], h[-1]], 1) if bidirectional else h[-1]


class Classifier(Layers):
    def __init__(self, cell, inputs, classes, hidden, layers=1, bidirectional=False, vocab=None):
        super().__init__()
        self.embedding = None if vocab is None else nn.Embedding(vocab, inputs)
        self.rnn = getattr(nn, cell)(inputs, hidden, layers, bidirectional=bidirectional, batch_first=True)
        self.head = nn.Linear(hidden * (1 + bidirectional), classes)

    def forward(self, x, lengths=None):
        x = x if self.embedding is None else self.embedding(x)
        _, states = self.run(self.rnn, x, lengths=lengths)
        return self.head(last(states[0], self.rnn.bidirectional))


class LanguageModel(Layers):
    def __init__(self, cell, vocab, d, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocab, d)
        self.rnn = getattr(nn, cell)(d, hidden, layers, batch_first=True)
        self.head = nn.Linear(hidden, vocab)

    def forward(self, ids, states=None):
        y, states = self.run(self.rnn, self.embedding(ids), states)
        return self.head(y), states


class Encoder(Layers):
    def __init__(self, vocab, d, hidden, layers, bidirectional):
        super().__init__()
        self.embedding = nn.Embedding(vocab, d)
        self.rnn = nn.GRU(d, hidden, layers, bidirectional=bidirectional, batch_first=True)
        self.bridge = nn.Linear(2 * hidden, hidden) if bidirectional else None

    def forward(self, ids, lengths):
        y, (h,) = self.run(self.rnn, self.embedding(ids), lengths=lengths)
        if self.bridge is None:
            return y, h
        both = [torch.cat([h[2 * i], h[2 * i + 1]], 1) for i in range(len(h) // 2)]
        return y, torch.tanh(self.bridge(torch.stack(both)))


class Additive(nn.Module):
    def __init__(self, h, m, hidden):
        super().__init__()
        self.query = nn.Linear(h, hidden, bias=False)
        self.key = nn.Linear(m, hidden, bias=False)
        self.v = nn.Linear(hidden, 1, bias=False)

    def forward(self, q, memory):
        return self.v(torch.tanh(self.query(q)[:, None] + self.key(memory))).squeeze(2)


class Multiplicative(nn.Module):
    def __init__(self, h, m):
        super().__init__()
        self.key = nn.Linear(m, h, bias=False)

    def forward(self, q, memory):
        return torch.einsum("bh,bsh->bs", q, self.key(memory))


class Decoder(nn.Module):
    """One step at a time, Luong's too."""

    def __init__(self, kind, vocab, d, hidden, layers, m):
        super().__init__()
        self.kind = kind
        self.embedding = nn.Embedding(vocab, d)
        self.rnn = nn.GRU(d + (m if kind == "additive" else 0), hidden, layers, batch_first=True)
        self.attention = Additive(hidden, m, hidden) if kind == "additive" else Multiplicative(hidden, m)
        if kind == "additive":
            self.head = nn.Linear(hidden + m + d, vocab)
        else:
            self.combine = nn.Linear(m + hidden, hidden, bias=False)
            self.head = nn.Linear(hidden, vocab)

    def look(self, q, memory, padding):
        weights = self.attention(q, memory).masked_fill(padding, -torch.inf).softmax(1)
        return torch.einsum("bs,bsm->bm", weights, memory), weights

    def step(self, ids, state, memory, padding):
        x = self.embedding(ids)
        if self.kind == "additive":
            context, weights = self.look(state[-1], memory, padding)
            y, state = self.rnn(torch.cat([x, context], 1)[:, None], state)
            return self.head(torch.cat([y[:, 0], context, x], 1)), weights, state
        y, state = self.rnn(x[:, None], state)
        context, weights = self.look(y[:, 0], memory, padding)
        return self.head(torch.tanh(self.combine(torch.cat([context, y[:, 0]], 1)))), weights, state


class Seq2Seq(nn.Module):
    def __init__(self, kind, source, target, d, hidden, layers, bidirectional):
        super().__init__()
        self.encoder = Encoder(source, d, hidden, layers, bidirectional)
        self.decoder = Decoder(kind, target, d, hidden, layers, hidden * (1 + bidirectional))

    def forward(self, source, target, lengths, greedy=0):
        memory, state = self.encoder(source, lengths)
        padding = torch.arange(source.shape[1])[None] >= lengths[:, None]
        ids, found = target[:, 0], []
        for i in range(greedy or target.shape[1]):
            logits, weights, state = self.decoder.step(ids if greedy else target[:, i], state, memory, padding)
            ids = logits.argmax(1)
            found.append((logits, weights, ids))
        return [torch.stack(part, 1) for part in zip(*found)]


class CnnRnn(Layers):
    def __init__(self, cell, channels, classes, widths, hidden, bidirectional):
        super().__init__()
        stem = []
        for i, o in zip([channels, *widths], widths):
            stem += [nn.Conv1d(i, o, 5, padding=2, bias=False), nn.BatchNorm1d(o), nn.ReLU(), nn.MaxPool1d(2)]
        self.stem = nn.Sequential(*stem)
        self.rnn = getattr(nn, cell)(widths[-1], hidden, bidirectional=bidirectional, batch_first=True)
        self.head = nn.Linear(hidden * (1 + bidirectional), classes)

    def forward(self, x):
        _, states = self.run(self.rnn, self.stem(x).transpose(1, 2))
        return self.head(last(states[0], self.rnn.bidirectional))


class CnnTransformer(nn.Module):
    def __init__(self, classes, channels, size, convolutions, d, heads, layers):
        super().__init__()
        self.positions = nn.Parameter(torch.zeros(1, (size // 2**convolutions) ** 2, d))
        stem, i = [], channels
        for k in range(convolutions):
            o = d // 2 ** (convolutions - 1 - k)
            stem += [nn.Conv2d(i, o, 3, 2, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
            i = o
        self.stem = nn.Sequential(*stem)
        layer = nn.TransformerEncoderLayer(d, heads, 2 * d, 0.0, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(d))
        self.head = nn.Linear(d, classes)

    def forward(self, x):
        tokens = self.stem(x).flatten(2).transpose(1, 2)
        return self.head(self.encoder(tokens + self.positions).mean(1))


def recurrence(name, cell, bidirectional):
    """torch.nn's own, 2 layers, 10 -> 20."""

    def outputs(nets, x):
        y, h = nets["model"](x["x"])
        return {"y": y, **dict(zip("hc", h if isinstance(h, tuple) else [h]))}

    return Case(
        name,
        lambda: {"model": getattr(nn, cell)(10, 20, 2, bidirectional=bidirectional)},
        lambda i: {"x": i.real("x", 6, 3, 10), "y": i.real("y", 6, 3, 20 * (1 + bidirectional))},
        outputs,
        {"model": lambda nets, x: F.mse_loss(nets["model"](x["x"])[0], x["y"])},
    )


def classified(name, net, x):
    def logits(nets, x):
        return nets["model"](*(v for k, v in x.items() if k != "label"))

    return Case(
        name,
        lambda: {"model": net()},
        x,
        lambda nets, x: {"logits": logits(nets, x)},
        {"model": lambda nets, x: F.cross_entropy(logits(nets, x), x["label"])},
    )


def language(name, cell):
    def both(nets, x):
        first, states = nets["model"](x["ids"])
        second, states = nets["model"](x["more"], states)
        return first, second, states

    def outputs(nets, x):
        first, second, states = both(nets, x)
        return {"first": first, "second": second, **dict(zip("hc", states))}

    def loss(nets, x):
        first, second, _ = both(nets, x)
        return F.cross_entropy(torch.cat([first, second], 1).transpose(1, 2), x["label"])

    return Case(
        name,
        lambda: {"model": LanguageModel(cell, 17, 8, 12, 2)},
        lambda i: {"ids": i.ids("ids", 17, 3, 5), "more": i.ids("more", 17, 3, 5), "label": i.ids("label", 17, 3, 10)},
        outputs,
        {"model": loss},
    )


LENGTHS = torch.tensor([5, 7, 3])


def translation(name, kind, layers, bidirectional):
    def outputs(nets, x):
        logits, weights, _ = nets["model"](x["source"], x["target"], LENGTHS)
        _, _, tokens = nets["model"](x["source"], x["target"], LENGTHS, greedy=6)
        return {"logits": logits, "weights": weights, "tokens": tokens}

    def loss(nets, x):
        logits, _, _ = nets["model"](x["source"], x["target"], LENGTHS)
        return F.cross_entropy(logits.transpose(1, 2), x["label"])

    def inputs(i):
        target = i.ids("target", 13, 3, 4)
        target[:, 0] = 0
        return {"source": i.ids("source", 11, 3, 7), "target": target, "label": i.ids("label", 13, 3, 4)}

    return Case(
        name, lambda: {"model": Seq2Seq(kind, 11, 13, 6, 8, layers, bidirectional)}, inputs, outputs, {"model": loss}
    )


def hybrid(name, cell, bidirectional):
    return classified(
        name,
        lambda: CnnRnn(cell, 3, 4, [8, 12], 10, bidirectional),
        lambda i: {"x": i.real("x", 4, 3, 32), "label": i.ids("label", 4, 4)},
    )


CASES = [
    *(recurrence(("bi" if bi else "") + cell.lower(), cell, bi) for cell in ("RNN", "LSTM", "GRU") for bi in (False, True)),
    classified(
        "classifier_lstm",
        lambda: Classifier("LSTM", 6, 3, 8, 2, True, vocab=11),
        lambda i: {"x": i.ids("x", 11, 3, 7), "lengths": LENGTHS, "label": i.ids("label", 3, 3)},
    ),
    *(
        classified(
            f"classifier_{cell.lower()}",
            lambda cell=cell: Classifier(cell, 6, 3, 8),
            lambda i: {"x": i.real("x", 4, 7, 6), "label": i.ids("label", 3, 4)},
        )
        for cell in ("GRU", "RNN")
    ),
    language("language_lstm", "LSTM"),
    language("language_gru", "GRU"),
    translation("seq2seq_additive", "additive", 2, True),
    translation("seq2seq_multiplicative", "multiplicative", 1, True),
    translation("seq2seq_plain", "multiplicative", 2, False),
    hybrid("cnn_lstm", "LSTM", False),
    hybrid("cnn_bilstm", "LSTM", True),
    hybrid("cnn_gru", "GRU", False),
    hybrid("cnn_bigru", "GRU", True),
    classified(
        "cnn_transformer",
        lambda: CnnTransformer(5, 3, 16, 2, 16, 2, 2),
        lambda i: {"x": i.real("x", 4, 3, 16, 16), "label": i.ids("label", 5, 4)},
    ),
]

if __name__ == "__main__":
    write("sequences.safetensors", CASES)
