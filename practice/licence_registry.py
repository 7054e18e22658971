"""A practice licence registry: `python -m practice.licence_registry --port N` serves the invented licences of licences.json.

GET /licences?kind=KIND&number=NUMBER answers with the licence as JSON, or 404. A number may also say itself what the answer is,
so that anybody can try every case without a list (the `samples` of licences.json):

    YS-2027-12-31-0001   valid through 2027-12-31
    YS-LONG-0001         valid without an end
    YS-REVOKED-0001      revoked

Everything here is invented; every answer carries `"practice": true`.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from practice.serving import server

DATA = Path(__file__).with_name("licences.json")


def app(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The registry as a WSGI application."""
    if environ["PATH_INFO"] != "/licences" or environ["REQUEST_METHOD"] != "GET":
        return _reply(start_response, "404 Not Found", {"error": "GET /licences?kind=&number="})
    asked = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    if not asked.get("kind") or not asked.get("number"):
        return _reply(start_response, "400 Bad Request", {"error": "kind and number are needed"})
    licence = look_up(asked["kind"], asked["number"])
    if licence is None:
        return _reply(start_response, "404 Not Found", {"error": "no such licence"})
    return _reply(start_response, "200 OK", licence)


def look_up(kind: str, number: str) -> Mapping[str, Any] | None:
    """The licence of this kind and number, listed or spelled out by a sample number; None when there is none."""
    data = _data()
    listed = {(row["kind"], row["number"]): row for row in data["licences"]}
    if (kind, number) in listed:
        return listed[kind, number]
    for sample in data["samples"]:
        if found := re.fullmatch(sample["number"], number):
            return {"kind": kind, "number": number, **sample["answer"], **found.groupdict()}
    return None


def main() -> None:
    """Serve on the loopback address until stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1 (0: any free one)")
    port = parser.parse_args().port
    with server(port, app) as serving:
        print(f"practice licence registry on http://127.0.0.1:{serving.server_port}", flush=True)
        serving.serve_forever()


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Any]:
    return json.loads(DATA.read_text(encoding="utf-8"))


def _reply(start_response: Callable[..., Any], status: str, body: Mapping[str, Any]) -> list[bytes]:
    payload = json.dumps({**body, "practice": True}, ensure_ascii=False).encode()
    start_response(status, [("Content-Type", "application/json; charset=utf-8"), ("Content-Length", str(len(payload)))])
    return [payload]


if __name__ == "__main__":
    main()
