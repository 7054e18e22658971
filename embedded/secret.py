"""Passwords of the embedded servers: made once, kept in `secrets` inside the services' folder, readable by its owner only."""

import os
import secrets
from pathlib import Path


def folder_of(folder: Path) -> Path:
    """The folder of secrets that belongs to the services' `folder`, made when missing, closed to others."""
    kept = folder / "secrets"
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept.chmod(0o700)
    return kept


def once(folder: Path, name: str) -> str:
    """The secret `name` of `folder`: 43 URL-safe characters, drawn the first time, the same ever after."""
    path = folder_of(folder) / name
    if not path.exists():
        half = path.with_name(f".{name}.{os.getpid()}")
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(half, path)  # unlike a rename, this never replaces what another process was first to make
        except FileExistsError:
            pass
        finally:
            half.unlink()
    return path.read_text().strip()


def is_made(folder: Path, name: str) -> bool:
    """True when the secret `name` of `folder` was drawn before."""
    return (folder / "secrets" / name).exists()
