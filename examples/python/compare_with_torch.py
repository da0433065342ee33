"""Does plain PyTorch compute what PtychoFleet computes?

    node tools/torch/predict-patches.mjs out/s/wts.h5.zip scan.npz patches.npz
    python compare_with_torch.py bundle out/s/wts.h5.zip scan.npz patches.npz
    python compare_with_torch.py golden ../shared/golden/cnn_gs1_default.npz

`bundle` normalises the scan here, runs its patterns through the modules of torch_model.py with the weights of the
bundle, and compares the object patches with PtychoFleet's own. `golden` runs the modules on vectors of the reference
implementation. Differences are relative to the largest value; 1e-5 is allowed.
"""

import argparse
import json
import math
import sys

import numpy as np
import torch
from torch_model import PtychoNetwork, load_bundle

TOLERANCE = 1e-5


def report(what, ours, theirs):
    difference = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    verdict = "ok" if difference <= TOLERANCE else "TOO LARGE"
    print(f"  {what:<44} {str(theirs.shape):<20} {difference:.2e}  {verdict}")
    return difference <= TOLERANCE


def normalised(diffraction, groups):
    """Amplitudes times s = sqrt((N/2)^2 / mean energy of the grouped patterns), one number for the whole scan."""
    N = diffraction.shape[-1]
    energy = np.square(diffraction.astype(np.float64)).sum((1, 2))[groups].mean()
    return diffraction * np.float32(math.sqrt((N / 2) ** 2 / energy))


def compare_bundle(options):
    network, model = load_bundle(options.bundle)
    print(f"{options.bundle}: {sum(p.numel() for p in network.parameters())} parameters")
    if options.exported is not None:
        exported = {name: torch.from_numpy(values) for name, values in np.load(options.exported).items()}
        state = network.state_dict()
        same = list(state) == list(exported) and all(torch.equal(state[name], exported[name]) for name in state)
        print(f"  {options.exported}: {'the same tensors' if same else 'OTHER TENSORS'}")
        if not same:
            return False
    predicted = np.load(options.patches)
    patches, groups = predicted["patches"], predicted["groups"]  # (B, C, N, N) and (G, C)
    scan = np.load(options.scan)
    amplitudes = scan["diff3d" if "diff3d" in scan else "diffraction"].astype(np.float32)
    x = torch.from_numpy(normalised(amplitudes, groups)[groups[: len(patches)]])
    with torch.no_grad():
        # Patterns of a group go through the network together, or one by one where it has one channel.
        amplitude, phase = network(x.reshape(-1, network.channels, *x.shape[2:]))
        object_patches = torch.complex(amplitude * torch.cos(phase), amplitude * torch.sin(phase))
    return report("object patches", object_patches.reshape(patches.shape).numpy(), patches)


def hash_filled(parameters, base):
    """The golden files' weights: a hash of the place of every value (golden README)."""

    def mix(h):
        h = (h ^ (h >> 16)) * 0x7FEB352D & 0xFFFFFFFF
        h = (h ^ (h >> 15)) * 0x846CA68B & 0xFFFFFFFF
        return h ^ (h >> 16)

    state = {}
    for parameter in parameters:
        start = 0x9E3779B9 * (parameter["k"] + 1 + base)
        h = mix((np.arange(math.prod(parameter["shape"]), dtype=np.uint64) + start) & 0xFFFFFFFF)
        values = (2 * (h >> 8).astype(np.float64) / 2**24 - 1) * math.sqrt(1 / parameter["fan_in"])
        state[parameter["name"]] = torch.from_numpy(values.astype(np.float32).reshape(parameter["shape"]))
    return state


def golden_model(path, state):
    """The settings of a vector file: from the shapes, and from its name where they leave no trace."""
    first = state["encoder.blocks.0.conv1.weight"]
    blocks = sum(name.startswith("encoder.blocks") and name.endswith("conv1.weight") for name in state)
    return {
        "N": 8 * 2**blocks,
        "nFiltersScale": first.shape[0] // 2 ** (8 - blocks),
        "gridsize": math.isqrt(first.shape[1]),
        "objectBig": True,
        "cbamEncoder": any("attention" in name for name in state),
        "cbamBottleneck": False,
        "headVariant": "torch",
        "ampActivation": "sigmoid" if "sigmoid" in path else "swish",
        "probeBig": "probesmall" not in path,
        "intensityScaleTrainable": False,
        "inputScale": 1,
    }


def compare_golden(options):
    agree = True
    for path in options.files:
        golden = np.load(path)
        listed = json.loads(golden["params_json"].tobytes())
        state = hash_filled(listed["params"], listed["base"])
        network = PtychoNetwork(golden_model(path, state)).eval()
        network.load_state_dict(state, strict=True)
        print(path)
        for suffix, scale in [("", 1), ("_scaled_input", 1.25)]:
            with torch.no_grad():
                maps = network(scale * torch.from_numpy(golden["x"]))
            for name, values in zip(("amp", "phase"), maps):
                agree &= report(name + suffix, values.numpy(), golden[name + suffix])
    return agree


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    bundle = commands.add_parser("bundle", help="compare with PtychoFleet")
    bundle.add_argument("bundle", help="wts.h5.zip")
    bundle.add_argument("scan", help="scan file of the patches")
    bundle.add_argument("patches", help="what tools/torch/predict-patches.mjs wrote")
    bundle.add_argument("--exported", metavar="NPZ", help="also compare with `ptychofleet bundle export`")
    bundle.set_defaults(compare=compare_bundle)
    golden = commands.add_parser("golden", help="compare with the reference implementation")
    golden.add_argument("files", nargs="+", help="cnn_gs*.npz")
    golden.set_defaults(compare=compare_golden)
    options = parser.parse_args()
    if not options.compare(options):
        sys.exit("PyTorch and PtychoFleet differ")


if __name__ == "__main__":
    main()
