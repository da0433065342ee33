"""Trains on a scan through a running coordinator, follows the run and downloads the bundle.

  ptychofleet up --listen 127.0.0.1:50051 &
  python -m pip install -r examples/python/requirements.txt
  python examples/python/train_over_grpc.py scan.npz --coordinator 127.0.0.1:50051
"""
import argparse, pathlib, sys, uuid

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "protos"))
messages, services = grpc.protos_and_services("ptychofleet/v1/run_service.proto")
data_messages, data_services = grpc.protos_and_services("ptychofleet/v1/data_service.proto")
blob, states = grpc.protos("ptychofleet/v1/blob.proto"), grpc.protos("ptychofleet/v1/run.proto").RunState
arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("scan", type=pathlib.Path)
arguments.add_argument("--coordinator", default="127.0.0.1:50051")
arguments.add_argument("--epochs", type=int, default=2)
arguments.add_argument("--output", type=pathlib.Path, default=pathlib.Path("wts.h5.zip"))
options = arguments.parse_args()

channel = grpc.insecure_channel(options.coordinator)
scan, piece = options.scan.read_bytes(), 1 << 20
chunks = (data_messages.UploadDatasetRequest(name=options.scan.name, chunk=blob.Chunk(data=scan[i : i + piece], total_bytes=len(scan)))
          for i in range(0, len(scan), piece))
dataset = data_services.DataServiceStub(channel).UploadDataset(chunks).dataset
runs = services.RunServiceStub(channel)
request = messages.CreateRunRequest(request_id=str(uuid.uuid4()), dataset_digest=dataset.digest)
request.training_overrides.update({"max_epochs": options.epochs, "n_groups": 64, "gridsize": 1, "n_filters_scale": 1})
run = runs.CreateRun(request).run
for answer in runs.WatchRun(messages.WatchRunRequest(run_id=run.run_id)):
    if answer.event.HasField("epoch_finished"):
        print(f"epoch {answer.event.epoch_finished.epoch}: loss {answer.event.epoch_finished.train_loss:.1f}")
    elif answer.event.HasField("state_changed"):
        run = answer.event.state_changed
        print(run.run_id, states.Name(run.state), run.reason)
if run.state != states.Value("RUN_STATE_SUCCEEDED"):
    sys.exit(1)
download = runs.DownloadArtifact(messages.DownloadArtifactRequest(run_id=run.run_id, name="wts.h5.zip"))
options.output.write_bytes(b"".join(part.chunk.data for part in download))
print(f"wrote {options.output}")
