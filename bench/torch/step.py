"""The other side of the step bench: plain PyTorch, one micro-batch per line read.

    python step.py inputs.npz
"""

import json
import resource
import sys
import time

import torch
from inputs import load

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
network, physics, x, constant, normaliser = load(sys.argv[1])


def gradient():
    network.zero_grad(set_to_none=True)
    loss = physics(*network(x)) / normaliser
    loss.backward()
    return float(loss) + constant / normaliser


def predict():
    with torch.inference_mode():
        amplitude, phase = network(x)
        torch.complex(amplitude * torch.cos(phase), amplitude * torch.sin(phase)).numpy()
    return 0


doings = {"gradient": gradient, "predict": predict}
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    started = time.perf_counter()
    loss = doings[line.strip()]()
    ms = (time.perf_counter() - started) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": ms, "loss": loss, "peakMiB": peak}), flush=True)
