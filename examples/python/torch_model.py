"""The network of PtychoFleet as plain PyTorch modules, and its weights out of a bundle.

    from torch_model import load_bundle
    network, model = load_bundle("out/s/wts.h5.zip")
    amplitude, phase = network(x)  # x (B, C, N, N): normalised diffraction amplitudes

Module names are those of the bundle, so `network.state_dict()` and the bundle list the same tensors in the same order.
"""

import io
import json
import math
import zipfile

import h5py
import torch
from torch import nn
from torch.nn import functional

ACTIVATIONS = {
    "swish": functional.silu,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
    "relu": torch.relu,
}


class ConvPair(nn.Module):
    """Two 3x3 convolutions, each followed by ReLU."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.conv2(torch.relu(self.conv1(x))))


class UpBlock(ConvPair):
    """A pair of convolutions, then every pixel four times."""

    def forward(self, x):
        return functional.interpolate(super().forward(x), scale_factor=2, mode="nearest")


class ChannelGate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        hidden = channels // 16
        # Indices 1 and 3 are part of the tensors' names.
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))

    def forward(self, x):
        score = self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3)))
        return x * torch.sigmoid(score)[:, :, None, None]


class SpatialGate(nn.Module):
    def __init__(self):
        super().__init__()
        self.compress = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x):
        summary = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.compress(summary))


class Attention(nn.Module):
    """CBAM: a gate per channel, then a gate per pixel."""

    def __init__(self, channels):
        super().__init__()
        self.ChannelGate = ChannelGate(channels)
        self.SpatialGate = SpatialGate()

    def forward(self, x):
        return self.SpatialGate(self.ChannelGate(x))


class PoolingBlock(ConvPair):
    def __init__(self, inputs, outputs, attention):
        super().__init__(inputs, outputs)
        self.attention = Attention(outputs) if attention else nn.Identity()

    def forward(self, x):
        return functional.max_pool2d(self.attention(super().forward(x)), 2)


class Encoder(nn.Module):
    def __init__(self, channels, widths, attention):
        super().__init__()
        inputs = [channels, *widths]
        self.blocks = nn.Sequential(*(PoolingBlock(i, o, attention) for i, o in zip(inputs, widths)))

    def forward(self, x):
        return self.blocks(x)


class Head(nn.Module):
    """The last stage: central channels give the central half of the patch, outer channels the ring around it."""

    def __init__(self, features, channels, outer, width, activation, with_ring):
        super().__init__()
        self.conv1 = nn.Conv2d(features - outer, channels, 3, padding=1)
        self.conv_up_block = UpBlock(outer, width)
        self.conv2 = nn.Conv2d(width, channels, 3, padding=1)
        self.outer, self.activation, self.with_ring = outer, activation, with_ring

    def forward(self, y):
        border = y.shape[-1] // 2  # N/4
        centre = self.activation(self.conv1(y[:, : -self.outer]))
        patch = functional.pad(centre, [border] * 4)
        if not self.with_ring:
            return patch
        ring = functional.silu(self.conv2(self.conv_up_block(y[:, -self.outer :])))
        ring[:, :, border:-border, border:-border] = 0
        return patch + ring


class Decoder(nn.Module):
    def __init__(self, name, bottleneck, widths, head):
        super().__init__()
        self.blocks = nn.Sequential(*(UpBlock(i, o) for i, o in zip([bottleneck, *widths], widths)))
        self.head_name = name
        self.add_module(name, head)

    def forward(self, z):
        return getattr(self, self.head_name)(self.blocks(z))


class PtychoNetwork(nn.Module):
    """x (B, C, N, N) -> amplitude and phase (radians) of the object, (B, C, N, N) each.

    `model` holds the fields of model.json in a bundle.
    """

    def __init__(self, model):
        super().__init__()
        N, f = model["N"], model["nFiltersScale"]
        channels = model["gridsize"] ** 2 if model["objectBig"] else 1
        blocks = int(math.log2(N // 8))
        encoder = [f * 2 ** (8 - blocks + block) for block in range(blocks)]
        decoder = [f * 2 ** (3 + blocks - block) for block in range(blocks - 1)]
        tensorflow = model["headVariant"] == "tensorflow"
        outer = 4 if tensorflow else channels
        width = f * 2048 // N if tensorflow else decoder[-1]

        def head(activation):
            return Head(decoder[-1], channels, outer, width, activation, model["probeBig"])

        self.encoder = Encoder(channels, encoder, model["cbamEncoder"])
        self.bottleneck_cbam = Attention(encoder[-1]) if model["cbamBottleneck"] else nn.Identity()
        self.decoder_amp = Decoder("amp", encoder[-1], decoder, head(ACTIVATIONS[model["ampActivation"]]))
        self.decoder_phase = Decoder("phase", encoder[-1], decoder, head(lambda t: math.pi * torch.tanh(t)))
        if model["intensityScaleTrainable"]:
            self.log_scale = nn.Parameter(torch.zeros(()))
        self.channels, self.input_scale = channels, model["inputScale"]

    def forward(self, x):
        scale = torch.exp(self.log_scale) if hasattr(self, "log_scale") else 1
        z = self.bottleneck_cbam(self.encoder(x * self.input_scale / scale))
        return self.decoder_amp(z) * scale, self.decoder_phase(z)


def torch_order(values):
    """Our kernels (height, width, in, out) and (in, out) as PyTorch's (out, in, height, width) and (out, in)."""
    order = {4: (3, 2, 0, 1), 2: (1, 0)}.get(values.ndim)
    return torch.from_numpy(values if order is None else values.transpose(order).copy())


def read_bundle(path):
    """(model, state): the fields of the model, and its tensors by name in PyTorch's order."""
    with zipfile.ZipFile(path) as bundle:
        listed = json.loads(bundle.read("diffraction_to_obj/model.json"))
        weights = bundle.read("diffraction_to_obj/weights.h5")
    with h5py.File(io.BytesIO(weights), "r") as file:
        names = [tensor["name"] for tensor in listed["tensors"]]
        state = {name: torch_order(file[name.replace(".", "/")][()]) for name in names}
    return listed["model"], state


def load_bundle(path):
    """(network, model) with the weights of the bundle, every name and shape compared."""
    model, state = read_bundle(path)
    network = PtychoNetwork(model).eval()
    network.load_state_dict(state, strict=True)
    return network, model
