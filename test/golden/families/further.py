# multi_head_attention_forward with bias_k, bias_v and add_zero_attn; index_put.
import numpy as np
import torch
import torch.nn.functional as F

from .golden import Family, normal, rng

# name, t, s, b, e, heads, bias_k and bias_v, add_zero_attn, options
LAYERS = [
    ("bias_kv", 5, 5, 2, 8, 2, True, False, {}),
    ("zero", 4, 4, 2, 8, 2, False, True, {}),
    ("both", 3, 7, 2, 12, 3, True, True, {}),
    ("both_causal", 6, 6, 1, 8, 2, True, True, {"isCausal": True}),
    ("both_padding", 4, 6, 3, 8, 2, True, True, {"padding": True}),
    ("bias_kv_mask", 5, 5, 2, 8, 2, True, False, {"mask": True}),
]


def make_layer(family, name, t, s, b, e, heads, bias_kv, zero, options):
    draw = lambda part, *shape: (normal(f"further/{name}/{part}", *shape) * 0.5).astype(np.float32)
    inputs = {"q": draw("q", t, b, e)}
    if t != s:
        inputs["k"] = draw("k", s, b, e)
    inputs["in_proj_weight"] = draw("w", 3 * e, e)
    inputs["in_proj_bias"] = draw("b", 3 * e)
    if bias_kv:
        inputs["bias_k"] = draw("bk", 1, 1, e)
        inputs["bias_v"] = draw("bv", 1, 1, e)
    inputs["out_proj_weight"] = draw("wo", e, e)
    inputs["out_proj_bias"] = draw("bo", e)
    if options.get("padding"):
        ignored = rng("further/pad/" + name).rand(b, s) < 0.4
        ignored[0] = True  # only the further keys are left
        inputs["padding"] = ignored.astype(np.int32)
    if options.get("mask"):
        inputs["mask"] = draw("mask", t, s)

    def run(**x):
        k = x.get("k", x["q"])
        mask = x.get("mask")
        if options.get("isCausal"):
            mask = torch.ones(t, s, dtype=torch.bool).triu(1)
        y, _ = F.multi_head_attention_forward(
            x["q"],
            k,
            k,
            e,
            heads,
            x["in_proj_weight"],
            x["in_proj_bias"],
            x.get("bias_k"),
            x.get("bias_v"),
            zero,
            0.0,
            x["out_proj_weight"],
            x["out_proj_bias"],
            training=False,
            key_padding_mask=x["padding"] != 0 if "padding" in x else None,
            need_weights=True,
            attn_mask=mask,
        )
        return y

    record = {"embedDim": e, "numHeads": heads, "biasKv": bias_kv, "addZeroAttn": zero}
    if options.get("isCausal"):
        record["isCausal"] = True
    family.add(f"layer/{name}", "multiheadAttention", record, inputs, run, gg=name == "both")


# name, x, shapes of the indices, values, low end of the indices, accumulate
PUTS = [
    ("one", (7,), [(4,)], (4,), 0, False),
    ("rows", (6, 5), [(4,)], (4, 5), 0, False),
    ("broadcast_values", (6, 5), [(4,)], (5,), 0, False),
    ("scalar", (6, 5), [(4,), (4,)], (), 0, False),
    ("two", (6, 5), [(4,), (4,)], (4,), 0, False),
    ("negative", (6, 5, 3), [(4,), (1,)], (4, 3), -5, False),
    ("grid", (6, 5, 3), [(4, 1), (3,)], (4, 3, 3), 0, False),
    ("add", (7,), [(12,)], (12,), 0, True),
    ("add_rows", (6, 5), [(9,)], (9, 5), -6, True),
    ("add_two", (4, 3), [(20,), (20,)], (20,), 0, True),
    ("add_grid", (4, 5, 3), [(4, 1), (3,)], (4, 3, 1), 0, True),
    ("add_scalar", (4, 5), [(6,)], (), 0, True),
    ("none", (4, 5), [(0,)], (0, 5), 0, False),
]


def make_put(family, name, x, shapes, values, low, accumulate):
    inputs = {"x": normal(f"further/put/{name}/x", *x), "values": normal(f"further/put/{name}/values", *values)}
    for i, shape in enumerate(shapes):
        draw = rng(f"further/put/{name}/{i}")
        count = int(np.prod(shape))
        # PyTorch leaves open which of equal positions is written: then none are equal.
        distinct = not accumulate and count > 1
        flat = draw.permutation(x[i])[:count] if distinct else draw.randint(0, x[i], count)
        flat = np.where(draw.rand(count) < 0.5, flat, flat - x[i]) if low < 0 else flat
        inputs[f"i{i}"] = flat.reshape(shape).astype(np.int32)

    def run(x, values, **indices):
        at = tuple(indices[f"i{i}"].long() for i in range(len(shapes)))
        return torch.index_put(x, at, values, accumulate)

    options = {"accumulate": accumulate, "count": len(shapes)}
    rule = "sums" if accumulate else "selects"
    family.add(f"indexPut/{name}", "indexPut", options, inputs, run, gg=name in ("two", "add_rows"), rule=rule)


def make():
    family = Family("further")
    for row in LAYERS:
        make_layer(family, *row)
    for row in PUTS:
        make_put(family, *row)
    family.save()
