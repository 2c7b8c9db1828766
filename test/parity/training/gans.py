# Adversarial networks as src/models has them; DCGAN is that of PyTorch's examples, of any size. Makes gans.safetensors.
import math

import torch
from torch import nn
from torch.nn import functional as F

from training import Case, write


def halving(size):
    base = 4 if math.log2(size / 4).is_integer() else 7
    return base, int(math.log2(size // base))


class Generator(nn.Module):
    def __init__(self, nz=100, ngf=64, nc=3, size=64):
        super().__init__()
        base, stages = halving(size)
        layers = []
        for i in range(stages):
            o = ngf * 2 ** (stages - 1 - i)
            conv = (nz, o, base, 1, 0) if i == 0 else (2 * o, o, 4, 2, 1)
            layers += [nn.ConvTranspose2d(*conv, bias=False), nn.BatchNorm2d(o), nn.ReLU(True)]
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z[..., None, None])


NORMS = {"batch": lambda c: [nn.BatchNorm2d(c)], "layer": lambda c: [nn.GroupNorm(1, c)], "none": lambda c: []}


def convolutions(ndf, nc, size, norm):
    base, stages = halving(size)
    layers = []
    for i in range(stages):
        o = ndf * 2**i
        layers.append(nn.Conv2d(o // 2 if i else nc, o, 4, 2, 1, bias=norm == "none"))
        layers += (NORMS[norm](o) if i else []) + [nn.LeakyReLU(0.2)]
    return layers, o, base


class Discriminator(nn.Module):
    """Without the sigmoid at the end."""

    def __init__(self, ndf=64, nc=3, size=64, norm="batch"):
        super().__init__()
        layers, channels, base = convolutions(ndf, nc, size, norm)
        self.main = nn.Sequential(*layers, nn.Conv2d(channels, 1, base, bias=False))

    def forward(self, x):
        return self.main(x).view(-1)


class ConditionalGenerator(nn.Module):
    def __init__(self, classes, dim, nz, **options):
        super().__init__()
        self.embedding = nn.Embedding(classes, dim)
        self.generator = Generator(nz + dim, **options)

    def forward(self, z, y):
        return self.generator(torch.cat([z, self.embedding(y)], 1))


class Projection(nn.Module):
    def __init__(self, classes, ndf, nc, size, norm="batch"):
        super().__init__()
        layers, channels, _ = convolutions(ndf, nc, size, norm)
        self.main = nn.Sequential(*layers)
        self.score = nn.Linear(channels, 1)
        self.embedding = nn.Embedding(classes, channels)

    def forward(self, x, y):
        h = self.main(x).sum((2, 3))
        return self.score(h)[:, 0] + (self.embedding(y) * h).sum(1)


class Toy(nn.Module):
    def __init__(self, i, o, hidden):
        super().__init__()
        slope = lambda: nn.LeakyReLU(0.2)
        self.main = nn.Sequential(
            nn.Linear(i, hidden), slope(), nn.Linear(hidden, hidden), slope(), nn.Linear(hidden, o)
        )

    def forward(self, x):
        y = self.main(x)
        return y[:, 0] if y.shape[1] == 1 else y


def bce(scores, value):
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, value))


def saturating(classes=False):
    """Losses of DCGAN: d, then g."""
    y = lambda x: [x["label"]] if classes else []

    def d(nets, x):
        fake = nets["g"](x["z"], *y(x)).detach()
        return bce(nets["d"](x["real"], *y(x)), 1) + bce(nets["d"](fake, *y(x)), 0)

    return {"d": d, "g": lambda nets, x: bce(nets["d"](nets["g"](x["z"], *y(x)), *y(x)), 1)}


def penalty(critic, real, fake, mix):
    mix = mix.reshape(-1, *[1] * (real.dim() - 1))
    x = (mix * real + (1 - mix) * fake).detach().requires_grad_()
    (dx,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (dx.flatten(1).norm(dim=1) - 1).square().mean()


def wasserstein():
    def d(nets, x):
        fake = nets["g"](x["z"]).detach()
        gap = nets["d"](fake).mean() - nets["d"](x["real"]).mean()
        return gap + 10 * penalty(nets["d"], x["real"], fake, x["mix"].abs() / 2)

    return {"d": d, "g": lambda nets, x: -nets["d"](nets["g"](x["z"])).mean()}


def pictures(i, b, nz, nc, size):
    return {"z": i.real("z", b, nz), "real": i.real("real", b, nc, size, size)}


def outputs(nets, x):
    y = [x["label"]] if "label" in x else []
    return {"fake": nets["g"](x["z"], *y), "scores": nets["d"](x["real"], *y)}


ADAM = {"steps": 10, "betas": (0.5, 0.999)}
SMALL = {"nc": 1, "size": 28}


def critic(norm):
    return Case(
        f"wgan_{norm}",
        lambda: {"d": Discriminator(4, **SMALL, norm=norm), "g": Generator(8, 4, **SMALL)},
        lambda i: {**pictures(i, 6, 8, 1, 28), "mix": i.real("mix", 6)},
        outputs,
        wasserstein(),
        rates=(2e-4, 5e-4),
        **ADAM,
    )


CASES = [
    Case(
        "dcgan",
        lambda: {"d": Discriminator(), "g": Generator()},
        lambda i: pictures(i, 1, 100, 3, 64),
        outputs,
        {},
    ),
    Case(
        "dcgan_32",
        lambda: {"d": Discriminator(8, 2, 32), "g": Generator(16, 8, 2, 32)},
        lambda i: pictures(i, 2, 16, 2, 32),
        outputs,
        {},
    ),
    Case(
        "dcgan_28",
        lambda: {"d": Discriminator(4, **SMALL), "g": Generator(8, 4, **SMALL)},
        lambda i: pictures(i, 8, 8, 1, 28),
        outputs,
        saturating(),
        rates=(0.005, 5e-4),
        **ADAM,
    ),
    Case(
        "conditional",
        lambda: {"d": Projection(5, 4, **SMALL), "g": ConditionalGenerator(5, 4, 8, ngf=4, **SMALL)},
        lambda i: {**pictures(i, 8, 8, 1, 28), "label": i.ids("label", 5, 8)},
        outputs,
        saturating(classes=True),
        rates=(2e-4, 5e-4),
        **ADAM,
    ),
    critic("layer"),
    critic("none"),
    Case(
        "toy",
        lambda: {"d": Toy(2, 1, 16), "g": Toy(3, 2, 16)},
        lambda i: {"z": i.real("z", 32, 3), "real": i.real("real", 32, 2)},
        outputs,
        saturating(),
        rates=(0.02, 1e-3),
        **ADAM,
    ),
    Case(
        "toy_penalty",
        lambda: {"d": Toy(2, 1, 16), "g": Toy(3, 2, 16)},
        lambda i: {"z": i.real("z", 32, 3), "real": i.real("real", 32, 2), "mix": i.real("mix", 32)},
        outputs,
        wasserstein(),
        rates=(1e-3, 1e-3),
        **ADAM,
    ),
]

if __name__ == "__main__":
    write("gans.safetensors", CASES)
