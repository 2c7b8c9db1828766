# Networks that torchvision 0.14 lacks, in PyTorch: U-Net, and residual networks with squeeze and excitation under timm's keys.
import torch
from torch import nn
from torchvision import models as tv


class Double(nn.Module):
    def __init__(self, conv, i, o):
        super().__init__()
        self.conv1, self.conv2 = conv(i, o, 3, padding=1), conv(o, o, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.conv2(torch.relu(self.conv1(x))))


class Up(Double):
    def __init__(self, conv, up, c):
        super().__init__(conv, 2 * c, c)
        self.up = up(2 * c, c, 2, stride=2)

    def join(self, x, across):
        return self.forward(torch.cat([across, self.up(x)], 1))


class Unet(nn.Module):
    def __init__(self, in_channels=1, num_classes=2, width=64, depth=4, dimensions=2):
        super().__init__()
        conv = [nn.Conv1d, nn.Conv2d, nn.Conv3d][dimensions - 1]
        up = [nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d][dimensions - 1]
        self.pool = [nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d][dimensions - 1](2)
        c = [width * 2**i for i in range(depth)]
        self.encoder = nn.ModuleList(Double(conv, c[i - 1] if i else in_channels, c[i]) for i in range(depth))
        self.bottom = Double(conv, c[-1], 2 * c[-1])
        self.decoder = nn.ModuleList(Up(conv, up, ci) for ci in c)
        self.head = conv(width, num_classes, 1)

    def forward(self, x):
        across = []
        for step in self.encoder:
            across.append(step(x))
            x = self.pool(across[-1])
        x = self.bottom(x)
        for step, a in reversed(list(zip(self.decoder, across))):
            x = step.join(x, a)
        return self.head(x)


class SE(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, channels // 16, 1), nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


def with_se(block):
    """torchvision's block with SE after its last norm, before the sum."""

    class Block(block):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            last = "bn3" if hasattr(self, "bn3") else "bn2"
            downsample = self.downsample
            del self.downsample
            self.se = SE(self._modules[last].num_features)
            self.downsample = downsample

        def forward(self, x):
            y = self.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            if hasattr(self, "bn3"):
                y = self.bn3(self.conv3(self.relu(y)))
            y = self.se(y)
            return self.relu(y + (x if self.downsample is None else self.downsample(x)))

    Block.expansion = block.expansion
    return Block


class Resnet(nn.Module):
    """torchvision's blocks in its order, of any width; its own class has none but 64."""

    def __init__(self, block, depths, width=64, num_classes=1000):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        planes = width
        for i, depth in enumerate(depths):
            to, layers = width * 2**i, []
            for j in range(depth):
                stride = 2 if i > 0 and j == 0 else 1
                fits = stride == 1 and planes == to * block.expansion
                conv = nn.Conv2d(planes, to * block.expansion, 1, stride, bias=False)
                around = None if fits else nn.Sequential(conv, nn.BatchNorm2d(to * block.expansion))
                layers.append(block(planes, to, stride, around))
                planes = to * block.expansion
            setattr(self, f"layer{i + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(planes, num_classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


BASIC, BOTTLENECK = tv.resnet.BasicBlock, tv.resnet.Bottleneck


def resnet(name, block, depths):
    """torchvision's own at its own width."""
    return lambda width=64, **options: (
        getattr(tv, name)(**options) if width == 64 else Resnet(block, depths, width, **options)
    )


resnet18 = resnet("resnet18", BASIC, [2, 2, 2, 2])
resnet34 = resnet("resnet34", BASIC, [3, 4, 6, 3])
resnet50 = resnet("resnet50", BOTTLENECK, [3, 4, 6, 3])
resnet101 = resnet("resnet101", BOTTLENECK, [3, 4, 23, 3])
se_resnet18 = lambda **options: Resnet(with_se(BASIC), [2, 2, 2, 2], **options)
se_resnet50 = lambda **options: Resnet(with_se(BOTTLENECK), [3, 4, 6, 3], **options)


def efficientnet_b0(dropout=0.2, **options):
    """dropout is no option of torchvision 0.14's function."""
    net = tv.efficientnet_b0(**options)
    net.classifier[0].p = dropout
    return net


def perceptron(from_features, hidden, num_classes, first):
    """AlexNet's (dropout first) and VGG's three linear layers, without dropout."""
    sizes = [from_features, hidden, hidden, num_classes]
    linear = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    none = nn.Identity
    if first:
        return nn.Sequential(none(), linear[0], nn.ReLU(), none(), linear[1], nn.ReLU(), linear[2])
    return nn.Sequential(linear[0], nn.ReLU(), none(), linear[1], nn.ReLU(), none(), linear[2])


def alexnet(hidden=None, dropout=0.5, num_classes=1000):
    """torchvision's, of another width of the linear layers if asked for."""
    net = tv.AlexNet(num_classes, dropout)
    if hidden:
        net.classifier = perceptron(256 * 6 * 6, hidden, num_classes, first=True)
    return net


def vgg11(width=64, hidden=None, dropout=0.5, num_classes=1000):
    """torchvision's, of other widths if asked for."""
    plan = [c if c == "M" else c * width // 64 for c in tv.vgg.cfgs["A"]]
    net = tv.VGG(tv.vgg.make_layers(plan), num_classes, init_weights=False, dropout=dropout)
    if hidden:
        net.classifier = perceptron(8 * width * 7 * 7, hidden, num_classes, first=False)
    return net
