"""The network, the physics and the data that bench/step-peer.mjs wrote."""

import json
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "python"))
from physics import Physics  # noqa: E402
from torch_model import PtychoNetwork, torch_order  # noqa: E402


def load(path, groups=slice(None)):
    """(network, physics, x, constant): x (b, C, N, N) patterns, or (b*C, 1, N, N) one by one."""
    entries = np.load(path)
    settings = json.loads(entries["settings"].tobytes())
    network = PtychoNetwork(settings["model"])
    state = {name.removeprefix("weights/"): torch_order(entries[name]) for name in entries.files if "/" in name}
    network.load_state_dict(state, strict=True)
    patterns = torch.from_numpy(entries["patterns"][groups])
    probe = torch.complex(torch.from_numpy(entries["probe_re"]), torch.from_numpy(entries["probe_im"]))
    physics = Physics(settings, torch.from_numpy(entries["relative"][groups]), probe, patterns)
    x = patterns if settings["model"]["objectBig"] else patterns.reshape(-1, 1, *patterns.shape[2:])
    return network, physics, x, float(entries["constant"].sum()), settings["normaliser"]
