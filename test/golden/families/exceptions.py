# The only cases with bounds of their own, each with the reason (test/golden/judge.test.ts holds them to it). Factors on the
# bound of outputs (out), gradients (grad) and gradients of gradients (gg); or `size`: S by part, where the largest |ref| is
# what is left of a difference of larger terms.

EXCEPTIONS = {
    "norm/batchNorm/train_two_values": {
        "size": {"grad.x": 1},
        "why": "two values are normalised to -1 and 1 whatever they are: the gradient is the 1e-6 that eps leaves of "
        "rstd (dy - mean(dy) - xhat mean(dy xhat)), whose terms are about 1",
    },
    "norm/layerNorm/one_value": {
        "size": {"grad.x": 1, "grad.weight": 1},
        "why": "one value is its own mean: the gradient is 0, and the reference, 1e-14, the rounding of float64",
    },
    "norm2/rmsNorm/one_value": {
        "size": {"grad.x": 1},
        "why": "one value is normalised to -1 or 1: the gradient is the 1e-7 that eps leaves of rstd (dy - xhat (dy xhat)), "
        "whose terms are about 1",
    },
    "resize/gridSample/far": {
        "out": 2,
        "grad": 2,
        "why": "points up to 60 pixels outside are reflected back: f32 holds such a position to 4e-6 of a pixel",
    },
    "attention/one": {
        "size": {"grad.q": 1, "grad.k": 1},
        "why": "one key has weight 1: dq = (dp - sum(p dp)) k is 0, here the rounding of two equal terms of size 1",
    },
    "attention/one_key": {
        "size": {"grad.q": 1, "grad.k": 1},
        "why": "one key has weight 1: dq = (dp - sum(p dp)) k is 0, here the rounding of two equal terms of size 1",
    },
    "attention/added_scalar": {
        "size": {"grad.mask": 10, "gg.mask": 1},
        "why": "a number added to every score changes nothing: its gradients, 0, are sums of 20 terms that cancel, of about 10 "
        "and 1",
    },
    "attention/large_scores": {
        "grad": 6,
        "gg": 3,
        "why": "scores of about 100 are held to 4e-6, and the exponential makes that the error of every weight, in the "
        "log-sum-exp and again where backward computes the weights anew",
    },
    "loss2/ctc/wide": {
        "grad": 8,
        "why": "the kernel adds logarithms of probabilities down to exp(-300), which f32 holds to 3e-5",
    },
}
