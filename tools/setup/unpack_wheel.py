"""unpack_wheel.py WHEEL TARGET PREFIX...: unpacks the entries of a wheel whose names begin with one of the prefixes.

A wheel is a zip file, and Node has no zip reader among its builtins; python3 is here anyway, since pip fetched the wheel.
Standard library only, any Python from 3.6 on.
"""

import os
import shutil
import sys
import zipfile


def unpack(wheel: str, target: str, prefixes: "tuple[str, ...]") -> int:
    count = 0
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or not entry.filename.startswith(prefixes):
                continue
            # The hash of the wheel is pinned, and still a name from an archive never leaves the target folder.
            if ".." in entry.filename.split("/") or os.path.isabs(entry.filename):
                sys.exit("the wheel holds an entry outside of itself: " + entry.filename)
            path = os.path.join(target, *entry.filename.split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(entry) as source, open(path, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            # ptxas in the CUDA wheels must stay executable.
            if (entry.external_attr >> 16) & 0o100:
                os.chmod(path, 0o755)
            count += 1
    return count


if __name__ == "__main__":
    try:
        unpacked = unpack(sys.argv[1], sys.argv[2], tuple(sys.argv[3:]))
    except (OSError, zipfile.BadZipFile) as error:
        sys.exit(str(error))
    if unpacked == 0:
        sys.exit("the wheel holds none of " + ", ".join(sys.argv[3:]))
