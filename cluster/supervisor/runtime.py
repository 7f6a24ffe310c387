"""Where the parts of one start meet: the short-lived directory of sockets, and the addresses in it."""

import os
import shutil
import tempfile
from pathlib import Path

# A Unix socket's path has room for 107 bytes; a data directory may lie deeper than that.
LONGEST_SOCKET_PATH = 100


class RuntimeDirectory:
    """Owns the directory that holds this start's sockets; only its owner may enter it."""

    def __init__(self, data_dir: Path) -> None:
        inside = data_dir / "run"
        fits = len(os.fsencode(inside / "notify.sock")) <= LONGEST_SOCKET_PATH
        if fits:
            shutil.rmtree(inside, ignore_errors=True)
            inside.mkdir(mode=0o700)
        self.path = inside if fits else Path(tempfile.mkdtemp(prefix="odradek-"))

    @property
    def redis_socket(self) -> Path:
        return self.path / "valkey.sock"

    @property
    def notify_socket(self) -> Path:
        return self.path / "notify.sock"

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
