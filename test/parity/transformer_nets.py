# GPT-2 and BERT in plain PyTorch with Hugging Face's keys and arithmetic: torchvision has no language models.
import math

import torch
from torch import nn
from torch.nn import functional as F


def heads(x, count):
    """[b, t, d] -> [b, count, t, d / count]"""
    b, t, d = x.shape
    return x.reshape(b, t, count, d // count).transpose(1, 2)


def attend(q, k, v, allowed):
    """allowed: bool, broadcast to [b, heads, t, s]; as Hugging Face, with the smallest number instead of -inf."""
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    scores = torch.where(allowed, scores, torch.full_like(scores, torch.finfo(scores.dtype).min))
    y = torch.softmax(scores, -1) @ v
    return y.transpose(1, 2).flatten(2)


class Conv1D(nn.Module):
    def __init__(self, to, frm):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(frm, to))
        self.bias = nn.Parameter(torch.zeros(to))

    def forward(self, x):
        return x @ self.weight + self.bias


class GPT2Attention(nn.Module):
    def __init__(self, d, count):
        super().__init__()
        self.count = count
        self.c_attn, self.c_proj = Conv1D(3 * d, d), Conv1D(d, d)

    def forward(self, x, mask):
        q, k, v = (heads(part, self.count) for part in self.c_attn(x).chunk(3, -1))
        t = x.shape[1]
        allowed = torch.ones(t, t, dtype=torch.bool).tril() & mask[:, None, None]
        return self.c_proj(attend(q, k, v, allowed))


class GPT2MLP(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.c_fc, self.c_proj = Conv1D(4 * d, d), Conv1D(d, 4 * d)

    def forward(self, x):
        x = self.c_fc(x)
        y = 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))  # gelu_new
        return self.c_proj(y)


class GPT2Block(nn.Module):
    def __init__(self, d, count):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(d), GPT2Attention(d, count)
        self.ln_2, self.mlp = nn.LayerNorm(d), GPT2MLP(d)

    def forward(self, x, mask):
        x = x + self.attn(self.ln_1(x), mask)
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    def __init__(self, vocab=50257, length=1024, d=768, layers=12, heads=12):
        super().__init__()
        blocks = nn.ModuleList(GPT2Block(d, heads) for _ in range(layers))
        parts = {"wte": nn.Embedding(vocab, d), "wpe": nn.Embedding(length, d), "h": blocks, "ln_f": nn.LayerNorm(d)}
        self.transformer = nn.ModuleDict(parts)
        self.lm_head = nn.Linear(d, vocab, bias=False)
        self.lm_head.weight = self.transformer.wte.weight

    def forward(self, ids, mask):
        net = self.transformer
        x = net.wte(ids) + net.wpe(torch.arange(ids.shape[1]))
        for block in net.h:
            x = block(x, mask)
        return self.lm_head(net.ln_f(x))


def norm(d):
    return nn.LayerNorm(d, eps=1e-12)


class BertEmbeddings(nn.Module):
    def __init__(self, vocab, length, d):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocab, d, padding_idx=0)
        self.position_embeddings = nn.Embedding(length, d)
        self.token_type_embeddings = nn.Embedding(2, d)
        self.LayerNorm = norm(d)

    def forward(self, ids, types):
        positions = self.position_embeddings(torch.arange(ids.shape[1]))
        return self.LayerNorm(self.word_embeddings(ids) + self.token_type_embeddings(types) + positions)


class BertSelfAttention(nn.Module):
    def __init__(self, d, count):
        super().__init__()
        self.count = count
        self.query, self.key, self.value = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)

    def forward(self, x, mask):
        q, k, v = (heads(layer(x), self.count) for layer in (self.query, self.key, self.value))
        return attend(q, k, v, mask[:, None, None])


class BertOutput(nn.Module):
    def __init__(self, frm, d):
        super().__init__()
        self.dense, self.LayerNorm = nn.Linear(frm, d), norm(d)

    def forward(self, x, around):
        return self.LayerNorm(self.dense(x) + around)


class BertLayer(nn.Module):
    def __init__(self, d, count):
        super().__init__()
        self.attention = nn.ModuleDict({"self": BertSelfAttention(d, count), "output": BertOutput(d, d)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(d, 4 * d)})
        self.output = BertOutput(4 * d, d)

    def forward(self, x, mask):
        x = self.attention["output"](self.attention["self"](x, mask), x)
        return self.output(F.gelu(self.intermediate["dense"](x)), x)


class Bert(nn.Module):
    def __init__(self, vocab=30522, length=512, d=768, layers=12, heads=12, pooler=True):
        super().__init__()
        self.embeddings = BertEmbeddings(vocab, length, d)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(BertLayer(d, heads) for _ in range(layers))})
        if pooler:
            self.pooler = nn.ModuleDict({"dense": nn.Linear(d, d)})

    def hidden(self, ids, mask, types):
        x = self.embeddings(ids, types)
        for layer in self.encoder["layer"]:
            x = layer(x, mask)
        return x

    def forward(self, ids, mask, types):
        """pooled [b, d]"""
        return torch.tanh(self.pooler["dense"](self.hidden(ids, mask, types)[:, 0]))


class BertMaskedLM(nn.Module):
    def __init__(self, vocab=30522, d=768, **options):
        super().__init__()
        self.bert = Bert(vocab=vocab, d=d, pooler=False, **options)
        predictions = nn.Module()
        predictions.bias = nn.Parameter(torch.zeros(vocab))
        predictions.transform = nn.ModuleDict({"dense": nn.Linear(d, d), "LayerNorm": norm(d)})
        predictions.decoder = nn.Linear(d, vocab)
        predictions.decoder.weight = self.bert.embeddings.word_embeddings.weight
        predictions.decoder.bias = predictions.bias
        self.cls = nn.ModuleDict({"predictions": predictions})

    def forward(self, ids, mask, types):
        head = self.cls["predictions"]
        x = F.gelu(head.transform["dense"](self.bert.hidden(ids, mask, types)))
        return head.decoder(head.transform["LayerNorm"](x))


class BertClassifier(nn.Module):
    def __init__(self, num_classes=2, d=768, **options):
        super().__init__()
        self.bert = Bert(d=d, **options)
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, ids, mask, types):
        return self.classifier(self.bert(ids, mask, types))
