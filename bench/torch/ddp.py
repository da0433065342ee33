"""Steps of distributed data-parallel PyTorch over gloo: forward, backward with all-reduce, Adam. Prints the median step and the peak memory of each process.

    python ddp.py inputs.npz WORLD STEPS
"""

import json
import os
import resource
import socket
import statistics
import sys
import time

import torch
import torch.distributed as distributed
from inputs import load
from torch.nn.parallel import DistributedDataParallel


def work(rank, path, world, steps, port, answer):
    torch.set_num_threads(1)
    groups = 16 // world
    network, physics, x, _, normaliser = load(path, slice(rank * groups, (rank + 1) * groups))
    if world > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        distributed.init_process_group("gloo", rank=rank, world_size=world)
        network = DistributedDataParallel(network)
    adam = torch.optim.Adam(network.parameters(), lr=1e-4)
    times = []
    for _ in range(steps + 2):
        started = time.perf_counter()
        adam.zero_grad(set_to_none=True)
        (physics(*network(x)) / normaliser / groups).backward()
        adam.step()
        times.append((time.perf_counter() - started) * 1000)
    if world > 1:
        distributed.destroy_process_group()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.put((rank, statistics.median(times[2:]), peak))


def main(path, world, steps):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = torch.multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    processes = [context.Process(target=work, args=(rank, path, world, steps, port, answer)) for rank in range(world)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode != 0:
            sys.exit("a process of the group failed")
    answers = sorted(answer.get() for _ in processes)
    print(json.dumps({"ms": answers[0][1], "peaksMiB": [peak for _, _, peak in answers]}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
