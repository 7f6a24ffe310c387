"""The key that signs sessions and links: made on the first start, kept in the data directory."""

import os
import secrets
from pathlib import Path


def secret_key_in(directory: Path) -> str:
    """Read the key of this data directory; the first process to ask makes it, and all others take that one."""
    path = directory / "secret-key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        directory.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"secret-key.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        # A hard link appears whole or not at all, and fails when another process was first.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
