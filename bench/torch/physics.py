"""Merging, diffraction and Poisson loss in plain PyTorch, for the benchmarks (docs/architecture.md says what they compute)."""

import torch
from torch.nn import functional


def translate(images, shifts, origin, side):
    """out[r, c] = images[r + origin - dy, c + origin - dx], bilinear, zero outside; images (B, H, W), shifts (B, 2) as (x, y)."""
    height, width = images.shape[-2:]
    base = torch.arange(side, dtype=images.dtype) + origin
    columns = (base[None, :] - shifts[:, 0:1] + 0.5) * 2 / width - 1
    rows = (base[None, :] - shifts[:, 1:2] + 0.5) * 2 / height - 1
    grid = torch.stack(
        [columns[:, None, :].expand(-1, side, -1), rows[:, :, None].expand(-1, -1, side)], -1
    )
    return functional.grid_sample(images[:, None], grid, mode="bilinear", padding_mode="zeros", align_corners=False)[:, 0]


class Physics(torch.nn.Module):
    """Object patches (b, C, N, N) -> Poisson loss of the batch without its constant."""

    def __init__(self, settings, relative, probe, patterns):
        super().__init__()
        model = settings["model"]
        self.scale = settings["physics"]
        self.N, self.merged = model["N"], model["objectBig"]
        self.register_buffer("probe", probe / model["probeScale"] * model["amplitudePhysicsGain"])
        self.register_buffer("counts", ((self.scale * patterns) ** 2).clamp_min(1e-12).reshape(-1, self.N, self.N))
        if self.merged:
            b, C, _ = relative.shape
            farthest = float(relative.abs().max())
            distance = model["maxNeighborDistance"]
            if distance is None:
                distance = min(2 * farthest, self.N) / (model["gridsize"] - 1)
            step = int(-(-distance // 1))
            self.M = self.N + (model["gridsize"] - 1) * (step + step % 2)
            self.pad = (self.M - self.N) // 2
            self.groups = (b, C)
            self.register_buffer("shifts", relative.reshape(b * C, 2))
            mask = torch.zeros(b * C, self.N, self.N)
            quarter = self.N // 4
            mask[:, quarter:-quarter, quarter:-quarter] = 1
            placed = translate(mask, -self.shifts, -self.pad, self.M)
            weight = placed.reshape(b, C, self.M, self.M).sum(1)
            self.register_buffer("masks", placed)
            self.register_buffer("normaliser", torch.where(weight > 1e-6, 1 / (weight + 1e-3), torch.zeros(())))

    def merge_and_cut(self, patches):
        b, C = self.groups
        flat = patches.reshape(b * C, self.N, self.N)
        placed = translate(flat, -self.shifts, -self.pad, self.M) * self.masks
        canvas = placed.reshape(b, C, self.M, self.M).sum(1) * self.normaliser
        spread = canvas[:, None].expand(b, C, self.M, self.M).reshape(b * C, self.M, self.M)
        return translate(spread, self.shifts, self.pad, self.N)

    def forward(self, amplitude, phase):
        real, imaginary = amplitude * torch.cos(phase), amplitude * torch.sin(phase)
        if self.merged:
            real, imaginary = self.merge_and_cut(real), self.merge_and_cut(imaginary)
        patches = torch.complex(real, imaginary).reshape(-1, self.N, self.N)
        field = torch.fft.fftshift(torch.fft.fft2(patches * self.probe, norm="ortho"), (-2, -1))
        rate = ((field.real**2 + field.imag**2) * self.scale**2).clamp_min(1e-12)
        ratio = rate / self.counts
        return (self.counts * (ratio - 1 - torch.log(ratio))).sum()
