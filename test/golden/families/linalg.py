# einsum and the products with ranks of their own.
import numpy as np
import torch

from .golden import Family, normal, rng

EQUATIONS = [
    ("ij,jk->ik", (3, 4), (4, 5)),
    ("ij,jk", (3, 4), (4, 5)),
    ("bhtd,bhsd->bhts", (2, 3, 5, 4), (2, 3, 6, 4)),
    ("bthd,bshd->bhts", (2, 5, 3, 4), (2, 6, 3, 4)),
    ("bhts,bshd->bthd", (2, 3, 5, 6), (2, 6, 3, 4)),
    ("nchw,kc->nkhw", (2, 3, 4, 5), (6, 3)),
    ("i,j->ij", (3,), (4,)),
    ("i,i->", (67,), (67,)),
    ("ij,ij->i", (3, 4), (3, 4)),
    ("ii->i", (4, 4)),
    ("ii", (4, 4)),
    ("bii->b", (3, 4, 4)),
    ("iij,jk->ik", (3, 3, 4), (4, 2)),
    ("iijj->ij", (3, 3, 2, 2)),
    ("ij->", (3, 4)),
    ("ba", (3, 4)),
    ("ab,bc,cd,de->ae", (2, 3), (3, 4), (4, 5), (5, 2)),
    ("bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)),
    ("abc,bc,c->a", (2, 3, 4), (3, 4), (4,)),
    ("ab,bc,ca->", (2, 3), (3, 4), (4, 2)),
    ("a,a,a->a", (3,), (3,), (3,)),
    ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)),
    ("...ij,jk->...ik", (2, 2, 3, 4), (4, 5)),
    ("b...->...", (2, 3, 4)),
    ("i...,i...->...", (3, 4), (3, 4)),
    ("ij,jk->ik", (3, 0), (0, 5)),
    ("ij,jk->ik", (33, 65), (65, 17)),
    ("Ab,bA->A", (3, 4), (4, 3)),
]


def make_einsum(family):
    for equation, *shapes in EQUATIONS:
        name = "einsum/" + equation.replace(">", "") + "/" + "_".join("x".join(map(str, s)) for s in shapes)
        inputs = {f"x{k}": normal(name + str(k), *s) for k, s in enumerate(shapes)}
        fn = lambda equation=equation, **x: torch.einsum(equation, *x.values())
        small = max(np.prod(s) for s in shapes) < 100
        family.add(name, "einsum", {"equation": equation}, inputs, fn, gg=bool(small))
    a, b = rng("linalg/ia").randint(-9, 9, (3, 4)), rng("linalg/ib").randint(-9, 9, (4, 2))
    family.add(
        "einsum/integers",
        "einsum",
        {"equation": "ij,jk->ik"},
        {"x0": a.astype(np.int32), "x1": b.astype(np.int32)},
        lambda x0, x1: torch.einsum("ij,jk->ik", x0, x1),
    )


def make():
    family = Family("linalg")
    make_einsum(family)
    pairs = {
        "bmm": [((2, 3, 4), (2, 4, 5)), ((5, 17, 9), (5, 9, 7)), ((0, 3, 4), (0, 4, 5)), ((3, 2, 0), (3, 0, 2))],
        "mv": [((3, 4), (4,)), ((67, 33), (33,))],
        "dot": [((5,), (5,)), ((300,), (300,)), ((0,), (0,))],
        "outer": [((5,), (4,)), ((0,), (3,))],
    }
    for op, shapes in pairs.items():
        for a, b in shapes:
            name = f"{op}/" + "x".join(map(str, a))
            inputs = {"a": normal(name + "a", *a), "b": normal(name + "b", *b)}
            family.add(name, op, {}, inputs, lambda a, b, op=op: getattr(torch, op)(a, b), gg=bool(np.prod(a) < 100))
    options = [{}, {"beta": 0.5, "alpha": -2.0}, {"beta": 0.0}]
    for op, shapes in {
        "addmm": [((3, 5), (3, 4), (4, 5)), ((5,), (3, 4), (4, 5)), ((3, 1), (3, 4), (4, 5))],
        "baddbmm": [((2, 3, 5), (2, 3, 4), (2, 4, 5)), ((3, 1), (2, 3, 4), (2, 4, 5))],
    }.items():
        for k, (x, a, b) in enumerate(shapes):
            for j, o in enumerate(options):
                name = f"{op}/{k}_{j}"
                inputs = {n: normal(name + n, *s) for n, s in [("x", x), ("a", a), ("b", b)]}
                diff = None if o.get("beta") != 0 else ["a", "b"]
                if diff:
                    inputs["x"] = np.full(x, np.nan, np.float32)
                fn = lambda x, a, b, op=op, o=o: getattr(torch, op)(x, a, b, **o)
                sizes = lambda x, a, b, op=op, o=o: getattr(torch, op)(x, a, b, **{k: abs(v) for k, v in o.items()})
                family.add(name, op, o, inputs, fn, diff=diff, gg=True, absolute=sizes)
    family.save()
