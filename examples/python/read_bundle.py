"""Look into a PtychoFleet model bundle with nothing but the zip module and h5py.

    python read_bundle.py wts.h5.zip
    python read_bundle.py wts.h5.zip --tensor decoder_amp.amp.conv2.weight
"""

import argparse
import hashlib
import io
import json
import sys
import zipfile

import h5py

MODEL = "diffraction_to_obj"


def verified_files(path):
    """All entries of the bundle, each compared with its sha256 in the manifest."""
    with zipfile.ZipFile(path) as bundle:
        if "manifest.json" not in bundle.namelist():
            sys.exit(f"{path}: no manifest.json inside, so this is not a PtychoFleet bundle")
        manifest = json.loads(bundle.read("manifest.json"))
        if manifest["backend"] != "ptychofleet":
            sys.exit(f"{path}: written by the {manifest['backend']} backend, expected ptychofleet")
        files = {}
        for entry in manifest["files"]:
            data = bundle.read(entry["path"])
            if hashlib.sha256(data).hexdigest() != entry["sha256"]:
                sys.exit(f"{path}: {entry['path']} does not match its sha256, copy the bundle again")
            files[entry["path"]] = data
    return manifest, files


def tensors(weights_file):
    """Pairs of dotted name and dataset, in the order of the file."""
    found = []

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found.append((name.replace("/", "."), item))

    weights_file.visititems(visit)
    return found


def main():
    parser = argparse.ArgumentParser(description="Verify and show a PtychoFleet bundle (wts.h5.zip).")
    parser.add_argument("bundle", help="path of the wts.h5.zip")
    parser.add_argument("--tensor", metavar="NAME", help="print the values of this parameter as well")
    args = parser.parse_args()

    manifest, files = verified_files(args.bundle)
    print(f"{manifest['format']} {manifest['version']}, {len(files)} files, all checksums agree\n")

    with h5py.File(io.BytesIO(files[f"{MODEL}/weights.h5"]), "r") as weights:
        for name, value in weights.attrs.items():
            print(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
        found = tensors(weights)
        print(f"\n{len(found)} tensors, {sum(data.size for _, data in found)} parameters")
        for name, data in found:
            values = data[()]
            print(f"  {name:<60} {str(values.shape):<18} {values.min():+.6f} .. {values.max():+.6f}")
        if args.tensor is not None:
            values = dict(found).get(args.tensor)
            if values is None:
                sys.exit(f"--tensor: received {args.tensor}, expected one of the names above")
            print(f"\n{args.tensor} =\n{values[()]}")

    print("\nparams")
    for key, value in json.loads(files[f"{MODEL}/params.json"]).items():
        print(f"  {key:<36} {json.dumps(value)}")


if __name__ == "__main__":
    main()
