# Optimizers: 50 steps from fixed parameters with fixed gradients (shared/param.i, shared/grad.i [50, ...]): a
# step is judged alone, without a model. Schedules: the rate used at step t = 0..59, in float64.
import math

import numpy as np
import torch

from .golden import Family, f32, normal

STEPS, SCHEDULE_STEPS = 50, 60
SNAPSHOTS = [1, 2, 10, 50]  # parameters after so many steps
SHAPES = [(5, 7), (11,), (3, 2, 2)]

OPTIMIZERS = [
    ("sgd", {"lr": 0.1}),
    ("sgd", {"lr": 0.1, "momentum": 0.9}),
    ("sgd", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    ("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("sgd", {"lr": 0.1, "weightDecay": 0.01}),
    ("sgd", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weightDecay": 0.05}),
    ("adam", {}),
    ("adam", {"lr": 0.01, "weightDecay": 0.1}),
    ("adam", {"lr": 0.01, "amsgrad": True}),
    ("adam", {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-4}),
    ("adamW", {}),
    ("adamW", {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-4, "weightDecay": 0.2}),
    ("adamW", {"lr": 0.01, "weightDecay": 0}),
    ("adamW", {"lr": 0.01, "amsgrad": True}),
    # groups: indices of the shared parameters, each with its own options over the common ones
    (
        "adamW",
        {
            "lr": 0.01,
            "groups": [
                {"params": [0, 2], "weightDecay": 0.1},
                {"params": [1], "weightDecay": 0, "lr": 0.003},
            ],
        },
    ),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "groups": [{"params": [0]}, {"params": [1, 2], "lr": 0.01}]}),
    ("adamW", {"lr": 0.02, "weightDecay": 0.1, "schedule": {"op": "cosineLR", "tMax": 50, "etaMin": 0.001}}),
]

SCHEDULES = [
    ("stepLR", {"lr": 0.1, "stepSize": 7, "gamma": 0.5}),
    ("multiStepLR", {"lr": 0.1, "milestones": [5, 20, 21, 50], "gamma": 0.3}),
    ("cosineLR", {"lr": 0.1, "tMax": 60, "etaMin": 0}),
    ("cosineLR", {"lr": 0.1, "tMax": 25, "etaMin": 0.01}),
    ("linearLR", {"lr": 0.1, "startFactor": 0.1, "endFactor": 1, "totalIters": 10}),
    ("linearLR", {"lr": 0.1, "startFactor": 1 / 3, "endFactor": 1, "totalIters": 5}),
    ("linearLR", {"lr": 0.1, "startFactor": 1, "endFactor": 0.05, "totalIters": 60}),
    ("exponentialLR", {"lr": 0.1, "gamma": 0.93}),
    ("warmupCosineLR", {"lr": 0.1, "warmupSteps": 10, "totalSteps": 60, "minFactor": 0}),
    ("warmupCosineLR", {"lr": 0.1, "warmupSteps": 7, "totalSteps": 45, "minFactor": 0.1}),
]

CLASSES = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamW": torch.optim.AdamW}
NAMES = {"weightDecay": "weight_decay"}
STATES = {
    "momentum_buffer": "momentumBuffer",
    "exp_avg": "expAvg",
    "exp_avg_sq": "expAvgSq",
    "max_exp_avg_sq": "maxExpAvgSq",
}


def warmup_cosine(t, warmupSteps, totalSteps, minFactor):
    """Factor on lr: (t+1)/warmupSteps, then half a cosine down to minFactor at totalSteps."""
    if t < warmupSteps:
        return (t + 1) / warmupSteps
    progress = min(1.0, (t - warmupSteps) / (totalSteps - warmupSteps))
    return minFactor + (1 - minFactor) * 0.5 * (1 + math.cos(math.pi * progress))


def schedule(optimizer, op, options):
    o, S = {k: v for k, v in options.items() if k != "lr"}, torch.optim.lr_scheduler
    if op == "stepLR":
        return S.StepLR(optimizer, o["stepSize"], o["gamma"])
    if op == "multiStepLR":
        return S.MultiStepLR(optimizer, o["milestones"], o["gamma"])
    if op == "cosineLR":
        return S.CosineAnnealingLR(optimizer, o["tMax"], o["etaMin"])
    if op == "linearLR":
        return S.LinearLR(optimizer, o["startFactor"], o["endFactor"], o["totalIters"])
    if op == "exponentialLR":
        return S.ExponentialLR(optimizer, o["gamma"])
    return S.LambdaLR(optimizer, lambda t: warmup_cosine(t, **o))


def label(options):
    text = lambda v: "+".join(map(str, v)) if isinstance(v, list) else str(v)
    parts = [k if isinstance(v, dict) or k == "groups" else f"{k}={text(v)}" for k, v in options.items()]
    return ",".join(parts) or "defaults"


def shared_tensors():
    params = [normal(f"optim/param{i}", *shape) for i, shape in enumerate(SHAPES)]
    grads = [normal(f"optim/grad{i}", STEPS, *shape) for i, shape in enumerate(SHAPES)]
    # Gradients below eps, exactly zero, and starting only at step 20: there eps and bias correction show.
    grads[2][:, 0] *= np.float32(1e-8)
    grads[2][:, 1, 0] = 0
    grads[2][:20, 2] = 0
    return params, grads


def run(family, op, options):
    params, grads = shared_tensors()
    params = [torch.from_numpy(p).double().requires_grad_() for p in params]
    ours = ("groups", "schedule", "params")
    kwargs = lambda o: {NAMES.get(k, k): v for k, v in o.items() if k not in ours}
    groups = [{"params": [params[i] for i in g["params"]], **kwargs(g)} for g in options.get("groups", [])]
    optimizer = CLASSES[op](groups or params, **kwargs(options))
    plan = options.get("schedule")
    scheduler = plan and schedule(optimizer, plan["op"], {k: v for k, v in plan.items() if k != "op"})

    name = f"{op}/{label(options)}"
    for step in range(1, STEPS + 1):
        for param, grad in zip(params, grads):
            param.grad = torch.from_numpy(grad[step - 1]).double()
        optimizer.step()
        if scheduler:
            scheduler.step()
        if step in SNAPSHOTS:
            for i, param in enumerate(params):
                family.tensors[f"{name}/step{step}.{i}"] = f32(param)
    for i, param in enumerate(params):
        for key, name_here in STATES.items():
            if isinstance(optimizer.state[param].get(key), torch.Tensor):
                family.tensors[f"{name}/state.{name_here}.{i}"] = f32(optimizer.state[param][key])
    family.cases.append({"name": name, "op": op, "options": options})


def make():
    family = Family("optim")
    params, grads = shared_tensors()
    for i in range(len(SHAPES)):
        family.tensors[f"shared/param.{i}"] = params[i]
        family.tensors[f"shared/grad.{i}"] = grads[i]
    for op, options in OPTIMIZERS:
        run(family, op, options)
    for op, options in SCHEDULES:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=options["lr"])
        scheduler, rates = schedule(optimizer, op, options), []
        for _ in range(SCHEDULE_STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        name = f"{op}/{label(options)}"
        family.tensors[f"{name}/lr"] = np.array(rates, np.float64)
        family.cases.append({"name": name, "op": op, "options": options})
    family.save()
