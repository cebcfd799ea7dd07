"""What lies on the disk of a gateway that runs."""

import os
from pathlib import Path


def files_of(folder):
    """Path and bytes of every file in it, however deep. One that goes away meanwhile holds nothing any more."""
    for where, _, names in os.walk(folder):
        for path in (Path(where) / name for name in names):
            try:
                if path.is_file():
                    yield path, path.read_bytes()
            except FileNotFoundError:
                pass
