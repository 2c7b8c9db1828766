# Attention: softmax(scale q k^T + mask) v written out (PyTorch 1.13 has no public scaled_dot_product_attention), and
# torch.nn.functional.multi_head_attention_forward. A row that may attend to nothing gives zeros, as wgrad has it.
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal, rng


def attention(q, k, v, mask=None, causal=False, scale=None):
    h, hk, t, s, d = q.shape[1], k.shape[1], q.shape[2], k.shape[2], q.shape[3]
    k, v = (x.repeat_interleave(h // hk, 1) for x in (k, v))
    scores = q @ k.transpose(-1, -2) * (d**-0.5 if scale is None else scale)
    allowed = torch.ones(scores.shape, dtype=torch.bool)
    if causal:
        allowed = allowed & torch.ones(t, s, dtype=torch.bool).tril()
    if mask is not None and mask.is_floating_point():
        allowed = allowed & (mask > -np.inf)
        scores = scores + torch.where(mask > -np.inf, mask, torch.zeros_like(mask))
    elif mask is not None:
        allowed = allowed & (mask != 0)
    scores = scores.masked_fill(~allowed, -1e300)
    return torch.softmax(scores, -1).masked_fill(~allowed, 0) @ v


# name, b, h, hk, t, s, d, options, mask: kind and shape
ROWS = [
    ("plain", 2, 2, 2, 5, 5, 8, {}, None),
    ("one", 1, 1, 1, 1, 1, 8, {}, None),
    ("one_key", 1, 2, 2, 3, 1, 8, {}, None),
    ("d1", 1, 1, 1, 4, 5, 1, {}, None),
    ("d7", 1, 2, 2, 5, 6, 7, {}, None),
    ("d20", 1, 2, 2, 6, 7, 20, {}, None),
    ("d64", 1, 1, 1, 9, 11, 64, {}, None),
    ("d128", 1, 1, 1, 5, 6, 128, {}, None),
    ("d128_causal", 1, 1, 1, 6, 6, 128, {"isCausal": True}, None),
    ("long", 1, 1, 1, 19, 37, 8, {}, None),
    ("cross", 2, 1, 1, 3, 13, 8, {}, None),
    ("cross_long", 1, 2, 2, 21, 2, 8, {}, None),
    ("scale", 1, 2, 2, 5, 6, 8, {"scale": 1.5}, None),
    ("scale_negative", 1, 1, 1, 5, 6, 8, {"scale": -0.25}, None),
    ("causal", 1, 2, 2, 7, 7, 8, {"isCausal": True}, None),
    ("causal_wide", 1, 1, 1, 5, 18, 8, {"isCausal": True}, None),
    ("causal_tall", 1, 1, 1, 18, 5, 20, {"isCausal": True}, None),
    ("causal_33", 1, 1, 1, 33, 33, 8, {"isCausal": True}, None),
    ("bool", 2, 2, 2, 5, 6, 8, {}, ("bool", 2, 2, 5, 6)),
    ("bool_ts", 1, 2, 2, 5, 6, 8, {}, ("bool", 5, 6)),
    ("bool_causal", 1, 2, 2, 6, 6, 8, {"isCausal": True}, ("bool", 1, 1, 6, 6)),
    ("bool_rows", 1, 2, 2, 5, 6, 8, {}, ("bool", 1, 1, 5, 1)),
    ("keys", 2, 2, 2, 5, 7, 8, {}, ("bool", 2, 1, 1, 7)),
    ("keys_causal", 2, 1, 1, 9, 9, 8, {"isCausal": True}, ("bool", 2, 1, 1, 9)),
    ("empty_rows", 1, 2, 2, 5, 6, 8, {}, ("empty", 1, 2, 5, 6)),
    ("empty", 1, 1, 1, 3, 4, 8, {}, ("none", 1, 1, 1, 4)),
    ("added", 2, 2, 2, 5, 6, 8, {}, ("added", 2, 2, 5, 6)),
    ("added_ts", 2, 2, 2, 5, 6, 8, {}, ("added", 5, 6)),
    ("added_h", 2, 3, 3, 4, 5, 8, {}, ("added", 3, 1, 5)),
    ("added_causal", 1, 2, 2, 7, 7, 8, {"isCausal": True}, ("added", 1, 2, 7, 7)),
    ("added_scalar", 1, 1, 1, 4, 5, 8, {}, ("added", 1)),
    ("added_inf", 1, 2, 2, 5, 6, 8, {}, ("inf", 1, 1, 5, 6)),
    ("gqa", 2, 4, 2, 5, 6, 8, {"enableGqa": True}, None),
    ("gqa_one", 1, 3, 1, 6, 7, 20, {"enableGqa": True}, None),
    ("gqa_causal", 1, 4, 2, 9, 9, 8, {"enableGqa": True, "isCausal": True}, None),
    ("gqa_mask", 2, 4, 2, 5, 6, 8, {"enableGqa": True}, ("bool", 2, 4, 5, 6)),
    ("gqa_added", 1, 4, 2, 5, 6, 8, {"enableGqa": True}, ("added", 1, 4, 5, 6)),
    ("large_scores", 1, 1, 1, 5, 6, 8, {"scale": 20}, None),
]


def mask_of(name, kind, shape):
    draw = rng("attention/mask/" + name)
    if kind == "added":
        return draw.standard_normal(shape).astype(np.float32)
    allowed = draw.rand(*shape) < 0.7
    if kind == "inf":
        added = draw.standard_normal(shape).astype(np.float32)
        added[~allowed] = -np.inf
        added[..., 2, :] = -np.inf
        return added
    if kind == "none":
        allowed[:] = False
    elif kind == "empty":
        allowed[..., 1, :] = False
        allowed[..., -1, :] = False
    elif allowed.shape[-1] > 1:
        allowed[..., 0] = True  # no row is empty
    return allowed.astype(np.int32)


# name, t, s, b, e, heads, kdim, vdim, options
LAYERS = [
    ("self", 5, 5, 2, 8, 2, None, None, {}),
    ("self_one_head", 4, 4, 1, 4, 1, None, None, {}),
    ("no_bias", 5, 5, 2, 8, 2, None, None, {"bias": False}),
    ("causal", 6, 6, 2, 8, 2, None, None, {"isCausal": True}),
    ("padding", 5, 5, 3, 8, 2, None, None, {"padding": True}),
    ("mask", 5, 5, 2, 8, 2, None, None, {"mask": "bool"}),
    ("mask_added", 5, 5, 2, 8, 2, None, None, {"mask": "added"}),
    ("mask_heads", 5, 5, 2, 8, 2, None, None, {"mask": "heads"}),
    ("mask_padding", 5, 5, 2, 8, 2, None, None, {"mask": "added", "padding": True}),
    ("cross", 3, 7, 2, 12, 3, None, None, {}),
    ("cross_padding", 3, 7, 2, 12, 3, None, None, {"padding": True}),
    ("kdim", 3, 7, 2, 8, 2, 6, 10, {}),
]


def make_layer(family, name, t, s, b, e, heads, kdim, vdim, options):
    draw = lambda part, *shape: (normal(f"attention/layer/{name}/{part}", *shape) * 0.5).astype(np.float32)
    same = t == s
    inputs = {"q": draw("q", t, b, e)}
    if not same:
        inputs["k"] = draw("k", s, b, kdim or e)
        inputs["v"] = inputs["k"] if kdim is None else draw("v", s, b, vdim)
        if kdim is None:
            del inputs["v"]
    separate = kdim is not None
    if separate:
        inputs["q_proj_weight"] = draw("wq", e, e)
        inputs["k_proj_weight"] = draw("wk", e, kdim)
        inputs["v_proj_weight"] = draw("wv", e, vdim)
    else:
        inputs["in_proj_weight"] = draw("w", 3 * e, e)
    if options.get("bias", True):
        inputs["in_proj_bias"] = draw("b", 3 * e)
        inputs["out_proj_bias"] = draw("bo", e)
    inputs["out_proj_weight"] = draw("wo", e, e)
    if options.get("padding"):
        ignored = rng("attention/pad/" + name).rand(b, s) < 0.4  # true = not attended to, as PyTorch has it
        ignored[:, 0] = False
        inputs["padding"] = ignored.astype(np.int32)
    kind = options.get("mask")
    if kind == "bool":
        forbidden = rng("attention/fm/" + name).rand(t, s) < 0.4
        forbidden[:, 0] = False
        inputs["mask"] = forbidden.astype(np.int32)
    elif kind:
        inputs["mask"] = draw("mask", *((b * heads, t, s) if kind == "heads" else (t, s)))

    def run(**x):
        k = x.get("k", x["q"])
        mask = x.get("mask")
        if kind == "bool":
            mask = mask != 0
        if options.get("isCausal"):
            mask = torch.ones(t, s, dtype=torch.bool).triu(1)
        padding = x["padding"] != 0 if "padding" in x else None
        if padding is not None and mask is not None and mask.is_floating_point():
            # 1.13 refuses nothing here, but writes into the mask: add instead
            mask = mask.expand(b * heads, t, s) if mask.dim() == 2 else mask
            out_of = torch.zeros(b, s).masked_fill(padding, -np.inf)
            mask = mask + out_of.view(b, 1, 1, s).expand(b, heads, 1, s).reshape(b * heads, 1, s)
            padding = None
        y, weights = F.multi_head_attention_forward(
            x["q"],
            k,
            x.get("v", k),
            e,
            heads,
            x.get("in_proj_weight"),
            x.get("in_proj_bias"),
            None,
            None,
            False,
            0.0,
            x["out_proj_weight"],
            x.get("out_proj_bias"),
            training=False,
            key_padding_mask=padding,
            need_weights=True,
            attn_mask=mask,
            use_separate_proj_weight=separate,
            q_proj_weight=x.get("q_proj_weight"),
            k_proj_weight=x.get("k_proj_weight"),
            v_proj_weight=x.get("v_proj_weight"),
        )
        return y

    record = {k: v for k, v in options.items() if k not in ("padding", "mask")}
    sizes = {"embedDim": e, "numHeads": heads, "kdim": kdim, "vdim": vdim, "maskKind": kind}
    family.add(f"layer/{name}", "multiheadAttention", {**record, **sizes}, inputs, run, gg=name in ("self", "causal"))


def make():
    family = Family("attention")
    for name, b, h, hk, t, s, d, options, mask in ROWS:
        inputs = {
            "q": normal(f"attention/{name}/q", b, h, t, d),
            "k": normal(f"attention/{name}/k", b, hk, s, d),
            "v": normal(f"attention/{name}/v", b, hk, s, d),
        }
        if mask:
            inputs["mask"] = mask_of(name, mask[0], mask[1:])
        run = lambda q, k, v, mask=None: attention(
            q, k, v, mask, options.get("isCausal", False), options.get("scale")
        )
        family.add(name, "scaledDotProductAttention", options, inputs, run, gg=d <= 20 or name == "d64")
    for row in LAYERS:
        make_layer(family, *row)
    family.save()
