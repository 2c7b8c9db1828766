# Further optimizers and schedules: 50 steps as in optim.py, over the same parameters and gradients. LBFGS: steps with a
# closure on a small quartic. EMA of weights: torch.optim.swa_utils with an exponential average.
import sys

import numpy as np
import torch

from .golden import Family, f32, normal
from .optim import SCHEDULE_STEPS, SHAPES, SNAPSHOTS, STEPS, label, shared_tensors

OPTIMIZERS = [
    ("nadam", {}),
    ("nadam", {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-4, "weightDecay": 0.1, "momentumDecay": 0.01}),
    ("radam", {}),
    ("radam", {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-4, "weightDecay": 0.1}),
    ("radam", {"lr": 0.01, "betas": [0.9, 0.6]}),
    ("rmsprop", {}),
    ("rmsprop", {"lr": 0.01, "momentum": 0.9}),
    ("rmsprop", {"lr": 0.01, "centered": True, "eps": 1e-4}),
    ("rmsprop", {"lr": 0.01, "alpha": 0.9, "centered": True, "momentum": 0.5, "weightDecay": 0.1, "eps": 1e-4}),
    ("adagrad", {}),
    ("adagrad", {"lr": 0.1, "lrDecay": 0.1, "weightDecay": 0.05, "initialAccumulatorValue": 0.5, "eps": 1e-6}),
    ("adadelta", {}),
    ("adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "weightDecay": 0.1}),
    ("adamax", {}),
    ("adamax", {"lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-4, "weightDecay": 0.1}),
]

CLASSES = {
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "adamax": torch.optim.Adamax,
}


def single_tensor_nadam(params, grads, exp_avgs, exp_avg_sqs, mu_products, state_steps, *, beta1, beta2, lr, **o):
    """As from PyTorch 2.0 on: 1.13 multiplies mu_t twice into the product of the step ahead."""
    for p, g, m, v, product, t in zip(params, grads, exp_avgs, exp_avg_sqs, mu_products, state_steps):
        t += 1
        g = g + o["weight_decay"] * p
        mu = beta1 * (1 - 0.5 * 0.96 ** (t.item() * o["momentum_decay"]))
        ahead = beta1 * (1 - 0.5 * 0.96 ** ((t.item() + 1) * o["momentum_decay"]))
        product *= mu
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        denom = v.div(1 - beta2 ** t.item()).sqrt().add_(o["eps"])
        p.addcdiv_(g, denom, value=-lr * (1 - mu) / (1 - product.item()))
        p.addcdiv_(m, denom, value=-lr * ahead / (1 - product.item() * ahead))


sys.modules["torch.optim.nadam"]._single_tensor_nadam = single_tensor_nadam
NAMES = {
    "weightDecay": "weight_decay",
    "momentumDecay": "momentum_decay",
    "lrDecay": "lr_decay",
    "initialAccumulatorValue": "initial_accumulator_value",
}
STATES = {
    "momentum_buffer": "momentumBuffer",
    "exp_avg": "expAvg",
    "exp_avg_sq": "expAvgSq",
    "exp_inf": "expInf",
    "square_avg": "squareAvg",
    "grad_avg": "gradAvg",
    "acc_delta": "accDelta",
    "sum": "sum",
}

SCHEDULES = [
    ("constantLR", {"lr": 0.1, "factor": 0.25, "totalIters": 7}),
    ("polynomialLR", {"lr": 0.1, "totalIters": 40, "power": 1.0}),
    ("polynomialLR", {"lr": 0.1, "totalIters": 50, "power": 0.9}),
    ("cosineWarmRestarts", {"lr": 0.1, "t0": 10}),
    ("cosineWarmRestarts", {"lr": 0.1, "t0": 7, "tMult": 2, "etaMin": 0.01}),
    ("oneCycleLR", {"lr": 0.1, "maxLr": 0.1, "totalSteps": 60}),
    ("oneCycleLR", {"lr": 0.1, "maxLr": 0.5, "totalSteps": 60, "pctStart": 0.4, "annealStrategy": "linear"}),
    ("oneCycleLR", {"lr": 0.1, "maxLr": 0.5, "totalSteps": 60, "threePhase": True, "divFactor": 10}),
    ("sequentialLR", {"lr": 0.1, "milestones": [10, 30]}),
    ("reduceLROnPlateau", {"lr": 0.1, "factor": 0.5, "patience": 3}),
    (
        "reduceLROnPlateau",
        {"lr": 0.1, "mode": "max", "factor": 0.3, "patience": 2, "cooldown": 4, "minLr": 0.01, "threshold": 0.05, "thresholdMode": "abs"},
    ),
]

LBFGS = [
    ("lbfgs", {"lr": 0.5}),
    ("lbfgs", {"lr": 1, "lineSearchFn": "strong_wolfe"}),
    ("lbfgs", {"lr": 0.8, "lineSearchFn": "strong_wolfe", "historySize": 3, "maxIter": 8}),
]


def run(family, op, options):
    params, grads = shared_tensors()
    params = [torch.from_numpy(p).double().requires_grad_() for p in params]
    kwargs = {NAMES.get(k, k): v for k, v in options.items()}
    optimizer = CLASSES[op](params, **kwargs)
    name = f"{op}/{label(options)}"
    for step in range(1, STEPS + 1):
        for param, grad in zip(params, grads):
            param.grad = torch.from_numpy(grad[step - 1]).double()
        optimizer.step()
        if step in SNAPSHOTS:
            for i, param in enumerate(params):
                family.tensors[f"{name}/step{step}.{i}"] = f32(param)
    for i, param in enumerate(params):
        for key, name_here in STATES.items():
            if isinstance(optimizer.state[param].get(key), torch.Tensor):
                family.tensors[f"{name}/state.{name_here}.{i}"] = f32(optimizer.state[param][key])
    family.cases.append({"name": name, "op": op, "options": options})


def schedule(optimizer, op, o):
    S = torch.optim.lr_scheduler
    if op == "constantLR":
        return S.ConstantLR(optimizer, o["factor"], o["totalIters"])
    if op == "polynomialLR":
        # The closed form; lr_scheduler.PolynomialLR came with PyTorch 1.13's successor in some builds.
        n, p = o["totalIters"], o["power"]
        return S.LambdaLR(optimizer, lambda t: (1 - min(t, n) / n) ** p)
    if op == "cosineWarmRestarts":
        return S.CosineAnnealingWarmRestarts(optimizer, o["t0"], o.get("tMult", 1), o.get("etaMin", 0))
    if op == "oneCycleLR":
        return S.OneCycleLR(
            optimizer,
            o["maxLr"],
            o["totalSteps"],
            pct_start=o.get("pctStart", 0.3),
            anneal_strategy=o.get("annealStrategy", "cos"),
            cycle_momentum=False,
            div_factor=o.get("divFactor", 25.0),
            three_phase=o.get("threePhase", False),
        )
    if op == "sequentialLR":
        parts = [S.ConstantLR(optimizer, 0.1, 10), S.ExponentialLR(optimizer, 0.9), S.StepLR(optimizer, 5, 0.5)]
        return S.SequentialLR(optimizer, parts, o["milestones"])
    return S.ReduceLROnPlateau(
        optimizer,
        o.get("mode", "min"),
        o["factor"],
        o["patience"],
        o.get("threshold", 1e-4),
        o.get("thresholdMode", "rel"),
        o.get("cooldown", 0),
        o.get("minLr", 0),
    )


def metric(t):
    """Falls, then stays, then falls again."""
    return float(np.float32(1 / (1 + min(t, 12)) + (0.3 if 20 < t < 40 else 0) + 0.01 * (t % 3)))


def quartic(params, target):
    return sum(((p - t) ** 2).sum() + 0.1 * ((p - t) ** 4).sum() + 0.3 * (p[0] * p[-1]).sum() for p, t in zip(params, target))


def lbfgs(family, op, options):
    params = [torch.from_numpy(normal(f"lbfgs/{i}", *s)).double().requires_grad_() for i, s in enumerate([(6,), (4, 3)])]
    target = [torch.from_numpy(normal(f"lbfgs/target{i}", *s)).double() for i, s in enumerate([(6,), (4, 3)])]
    name = f"{op}/{label(options)}"
    for i in range(2):
        family.tensors[f"{name}/param.{i}"] = f32(params[i])
        family.tensors[f"{name}/target.{i}"] = f32(target[i])
    names = {"maxIter": "max_iter", "historySize": "history_size", "lineSearchFn": "line_search_fn"}
    optimizer = torch.optim.LBFGS(params, **{names.get(k, k): v for k, v in {"maxIter": 4, **options}.items()})
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = quartic(params, target)
        loss.backward()
        return loss

    for step in range(1, 6):
        losses.append(float(optimizer.step(closure)))
        if step in (1, 2, 5):
            for i in range(2):
                family.tensors[f"{name}/step{step}.{i}"] = f32(params[i])
    family.tensors[f"{name}/losses"] = np.array(losses, np.float64)
    family.cases.append({"name": name, "op": op, "options": {"maxIter": 4, **options}})


def make():
    family = Family("optim2")
    params, grads = shared_tensors()
    for i in range(len(SHAPES)):
        family.tensors[f"shared/param.{i}"] = params[i]
        family.tensors[f"shared/grad.{i}"] = grads[i]
    for op, options in OPTIMIZERS:
        run(family, op, options)
    for op, options in SCHEDULES:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=options["lr"])
        scheduler, rates, metrics = schedule(optimizer, op, options), [], []
        for t in range(SCHEDULE_STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            metrics.append(metric(t))
            optimizer.step()
            if op == "reduceLROnPlateau":
                scheduler.step(metrics[-1])
            elif t < SCHEDULE_STEPS - 1:
                scheduler.step()
        name = f"{op}/{label(options)}"
        family.tensors[f"{name}/lr"] = np.array(rates, np.float64)
        if op == "reduceLROnPlateau":
            family.tensors[f"{name}/metric"] = np.array(metrics, np.float64)
        family.cases.append({"name": name, "op": op, "options": options})
    for op, options in LBFGS:
        lbfgs(family, op, options)
    family.save()
