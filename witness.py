"""A witness of public records: cosigns what continues what it saw before, and nothing else (C2SP tlog-witness).

    python witness.py --folder DIR --port PORT [--name NAME ...]     serve; POST /NAME/add-checkpoint
    python witness.py --folder DIR [--name NAME ...] --keys          print each witness's name and public key, and end

For whoever watches the market: a competition authority, an audit office, a chamber, a university. It needs this file, the pure
files of market/kernel and market/record, and the package `cryptography`. The folder holds the file `logs` (one public key of a
log a line; it is read anew for each request) and for each witness its key, what it has seen, and proofs of misconduct.
`GET /NAME/seen` gives the last checkpoint of each log as it was cosigned: for comparing.
"""

import argparse
import json
import os
import signal
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from market.record import notes, witnessing
from market.record.notes import COSIGNATURE, Checkpoint, Key

#: bytes of a request that are read at most, and requests that are kept as proof of misconduct
LONGEST, KEPT = 1 << 20, 100
SILENT = 30.0


class Witness:
    """One witness in its folder: a key of 32 bytes, `seen.json`, and `misconduct/`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder, self.logs = name, folder / name.replace("/", "_"), folder / "logs"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.private = Ed25519PrivateKey.from_private_bytes(self._secret())
        self.key = Key(name, COSIGNATURE, self.private.public_key().public_bytes_raw())
        self.lock = threading.Lock()
        self.seen: dict[str, str] = {}
        if (kept := self.folder / "seen.json").exists():
            self.seen = json.loads(kept.read_text())

    def answer(self, request: bytes) -> witnessing.Reply:
        """Judge a request; keep the checkpoint on disk before it is cosigned. One request at a time."""
        with self.lock:
            seen = {origin: self._checkpoint(note) for origin, note in self.seen.items()}
            reply = witnessing.answer(request, self._keys(), seen)
            if reply.misconduct:
                self._keep_proof(request)
            if reply.cosign is None:
                return reply
            line = notes.cosign(reply.cosign, self.name, self.private, int(time.time()))
            log = request.decode().partition("\n\n")[2]
            self.seen[reply.cosign.origin] = log + str(line)
            self._keep()
            return witnessing.Reply(200, str(line))

    def _keys(self) -> list[Key]:
        text = self.logs.read_text() if self.logs.exists() else ""
        return [notes.read_key(line) for line in text.split("\n") if line.strip() and not line.startswith("#")]

    def _checkpoint(self, note: str) -> Checkpoint:
        return notes.read_checkpoint(notes.read_note(note).text)

    def _keep(self) -> None:
        draft = self.folder / "seen.json.new"
        with draft.open("w") as file:
            json.dump(self.seen, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / "seen.json")

    def _keep_proof(self, request: bytes) -> None:
        folder = self.folder / "misconduct"
        folder.mkdir(exist_ok=True)
        if len(list(folder.iterdir())) < 2 * KEPT:
            stem = folder / f"{time.time_ns()}"
            stem.with_suffix(".request").write_bytes(request)
            stem.with_suffix(".seen.json").write_text(json.dumps(self.seen, ensure_ascii=False))

    def _secret(self) -> bytes:
        path = self.folder / "key"
        if not path.exists():
            draft = self.folder / f".key.{os.getpid()}"
            draft.touch(mode=0o600)
            draft.write_bytes(os.urandom(32))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_bytes()


class Handler(BaseHTTPRequestHandler):
    """POST /NAME/add-checkpoint, GET /NAME/seen, GET / (names and keys)."""

    protocol_version = "HTTP/1.1"
    timeout = SILENT
    witnesses: dict[str, Witness]

    def do_POST(self) -> None:
        """Judge a checkpoint."""
        name, _, verb = self.path.lstrip("/").rpartition("/")
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST:
            self.close_connection = True
            self._say(witnessing.Reply(413 if length.isdigit() else 411, "a length of at most 1 MiB is wanted\n"))
            return
        request = self.rfile.read(int(length))
        witness = self.witnesses.get(name)
        if witness is None or verb != "add-checkpoint":
            self._say(witnessing.Reply(404, "there is no such witness\n"))
            return
        self._say(witness.answer(request))

    def do_GET(self) -> None:
        """Names and keys, or what a witness has seen."""
        name, _, verb = self.path.lstrip("/").rpartition("/")
        if self.path == "/":
            self._say(witnessing.Reply(200, "".join(f"{one.name} {one.key}\n" for one in self.witnesses.values())))
        elif name in self.witnesses and verb == "seen":
            self._say(witnessing.Reply(200, "\n".join(self.witnesses[name].seen.values())))
        else:
            self._say(witnessing.Reply(404, "there is nothing here\n"))

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: there is one for each checkpoint."""

    def _say(self, reply: witnessing.Reply) -> None:
        body = reply.body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def server(witnesses: Sequence[Witness], port: int) -> ThreadingHTTPServer:
    """A server on the loopback interface (a reverse proxy stands before it) for these witnesses."""
    handler = type("Handler", (Handler,), {"witnesses": {witness.name: witness for witness in witnesses}})
    made = ThreadingHTTPServer(("127.0.0.1", port), handler)
    made.daemon_threads = True
    return made


def main() -> NoReturn:
    """Serve until a signal, or print the keys."""
    parser = argparse.ArgumentParser("witness.py", description="A witness of public records (C2SP tlog-witness).")
    parser.add_argument("--folder", type=Path, required=True, help="folder of keys and of what was seen")
    parser.add_argument("--name", action="append", default=[], help="name of a witness; may be given several times")
    parser.add_argument("--port", type=int, help="port on 127.0.0.1")
    parser.add_argument("--keys", action="store_true", help="print names and public keys, then end")
    options = parser.parse_args()
    witnesses = [Witness(name, options.folder) for name in options.name or ["witness"]]
    if options.keys or options.port is None:
        for witness in witnesses:
            print(witness.name, witness.key)
        raise SystemExit(0 if options.keys else "--port is missing")
    serving = server(witnesses, options.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=serving.shutdown).start())
    serving.serve_forever()
    raise SystemExit(0)


if __name__ == "__main__":
    main()
