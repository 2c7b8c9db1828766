# Weights without weight files: every element of a tensor is a hash of the tensor's name and the element's index, scaled so
# that activations stay of order 1. formula.ts computes the same bits.
import numpy as np

F32 = np.float32


def seed(name):
    """FNV-1a over the UTF-8 bytes, 32 bits."""
    h = 2166136261
    for byte in name.encode():
        h = ((h ^ byte) * 16777619) & 0xFFFFFFFF
    return h


def words(name, count):
    """u32 [count]: Wellons' lowbias32 of seed + i * golden ratio."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed(name))
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        return x ^ (x >> np.uint32(16))


def uniform(name, count):
    """float64 [count] on [-1, 1), multiples of 2^-23: exact in float32."""
    return (words(name, count) >> np.uint32(8)).astype(np.float64) * 2.0**-23 - 1.0


def value(name, shape):
    """The tensor of a state dict under this name, float32 [shape]: around 1 for variances and scales of norms, around 0 for
    the rest; matrices and kernels U(-b, b), b = sqrt(6 / fanIn), which keeps the second moment through a relu."""
    count = int(np.prod(shape, dtype=np.int64))
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, dtype=np.int64)
    u = uniform(name, count)
    if "running_var" in name:
        v = 1 + 0.5 * u
    elif "running_mean" in name or "bias" in name:
        v = 0.1 * u
    elif count == shape[0]:
        # The end of a bottleneck's branch: at full size, batch norm over so many random layers is chaotic, and no two
        # roundings give the same gradients.
        v = (0.125 if name.endswith("bn3.weight") else 1) * (1 + 0.25 * u)
    else:
        v = np.sqrt(6.0 * shape[0] / count) * u
    return v.astype(F32).reshape(shape)


STRIPE = 16  # pixels of one value in a row: fine noise would average out, and every picture give the same logits


def picture(name, shape):
    """An input of unit variance, float32 [shape]."""
    count = int(np.prod(shape))
    stripes = np.sqrt(3.0) * uniform(name, -(-count // STRIPE))
    return np.repeat(stripes, STRIPE)[:count].astype(F32).reshape(shape)


def labels(name, count, classes):
    """int64 [count] below `classes`."""
    return (words(name, count) % np.uint32(classes)).astype(np.int64)


def sampled(name, size, count):
    """Which elements of a tensor are stored, int64 [count]."""
    return (words(name + " sampled", count) % np.uint32(size)).astype(np.int64)
