# Golden values for wgrad's tests: PyTorch in float64, written as small safetensors. How to run and what the
# names mean: README.md. Deterministic: every draw is seeded by its own name, so a new case changes no other.
# `make.py conv pool` makes only those families.
import sys

sys.dont_write_bytecode = True

import torch

from families import (
    attention,
    conv,
    conv2,
    elementary,
    elementwise2,
    further,
    layers,
    linalg,
    loss,
    loss2,
    misc,
    norm,
    norm2,
    optim,
    optim2,
    penalties,
    pool,
    recurrent,
    reduce2,
    resize,
    shape2,
    structure,
    twice,
)

FAMILIES = {
    "further": further.make,
    "linalg": linalg.make,
    "shape2": shape2.make,
    "loss2": loss2.make,
    "attention": attention.make,
    "conv": conv.make,
    "conv2": conv2.make,
    "pool": pool.make,
    "resize": resize.make,
    "norm": norm.make,
    "loss": loss.make,
    "misc": misc.make,
    "norm2": norm2.make,
    "optim": optim.make,
    "optim2": optim2.make,
    "layers": layers.make,
    "recurrent": recurrent.make,
    "elementwise2": elementwise2.make,
    "reduce2": reduce2.make,
    "elementary": elementary.make,
    "structure": structure.make,
    "penalties": penalties.make,
    "twice": twice.make,
}

if __name__ == "__main__":
    torch.set_num_threads(1)  # one summation order
    torch.set_default_dtype(torch.float64)
    for name in sys.argv[1:] or FAMILIES:
        FAMILIES[name]()
