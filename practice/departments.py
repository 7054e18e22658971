"""Practice systems of the approving departments: `python -m practice.departments --port N --data DIR` takes accepted results.

    HEAD /files/<sha256>   200 when the file is there
    PUT  /files/<sha256>   the bytes, with Content-Digest (RFC 9530); refused when they do not match
    POST /results          {"order", "round", "item", "department", "title", "files": [{"name", "digest"}], ...} with an
                           Idempotency-Key; answers {"receipt"}; the same key gives the same receipt

X-Market-Signature is the hex HMAC-SHA-256, under the secret in the environment variable DEPARTMENTS_SECRET, over the lines
X-Market-Time, method, path and hex SHA-256 of the body; a time more than five minutes off is refused. `GET /` is a page that
says what it is, lists what came, and lets it play: taking, away, or refusing. DIR keeps all of that.
"""

import argparse
import base64
import hashlib
import html
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from practice.serving import server
from practice.signed import is_signed

MODES = {"up": "正常接收", "down": "停用（503）", "refuse": "退回：材料不全"}
LARGEST = 120 * 1024 * 1024
DIGEST = re.compile(r"[0-9a-f]{64}")


class Departments:
    """What was handed over, kept in a folder."""

    def __init__(self, folder: Path, secret: str, now: Callable[[], float] = time.time) -> None:
        self.folder, self.secret, self.now = folder, secret, now
        self.lock = threading.Lock()
        for name in ("files", "results"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def mode(self) -> str:
        """How it plays at present: a key of MODES."""
        path = self.folder / "mode"
        return path.read_text().strip() if path.exists() else "up"

    def play(self, mode: str) -> None:
        """Play `mode` from here on; unknown modes are passed over."""
        if mode in MODES:
            (self.folder / "mode").write_text(mode)

    def results(self) -> list[dict[str, Any]]:
        """What was handed over, the newest first."""
        found = [json.loads(path.read_text("utf-8")) for path in (self.folder / "results").glob("*.json")]
        return sorted(found, key=lambda one: (one["at"], one["receipt"]), reverse=True)

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The systems as a WSGI application."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == "/" and method == "GET":
            return _send(start_response, "200 OK", self._page().encode(), "text/html; charset=utf-8")
        body = environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), LARGEST))
        if path == "/" and method == "POST":
            self.play(parse_qs(body.decode()).get("mode", [""])[0])
            return _send(start_response, "303 See Other", b"", "text/plain", Location="/")
        if self.mode == "down":
            return _json(start_response, "503 Service Unavailable", {"error": "practice: away"})
        if not is_signed(environ, body, self.secret, self.now(), method=method, path=path):
            return _json(start_response, "401 Unauthorized", {"error": "signature or time"})
        if path.startswith("/files/") and DIGEST.fullmatch(path[7:]):
            return self._file(method, path[7:], body, environ, start_response)
        if path == "/results" and method == "POST":
            return self._take(body, environ.get("HTTP_IDEMPOTENCY_KEY", ""), start_response)
        return _json(start_response, "404 Not Found", {"error": "PUT /files/<sha256> or POST /results"})

    def _file(
        self, method: str, digest: str, body: bytes, environ: Mapping[str, Any], start_response: Callable[..., Any]
    ) -> list[bytes]:
        path = self.folder / "files" / digest
        if method == "HEAD":
            return _send(start_response, "200 OK" if path.exists() else "404 Not Found", b"", "text/plain")
        if method != "PUT":
            return _json(start_response, "405 Method Not Allowed", {"error": "HEAD or PUT"})
        found = hashlib.sha256(body)
        header = f"sha-256=:{base64.b64encode(found.digest()).decode()}:"
        if found.hexdigest() != digest or environ.get("HTTP_CONTENT_DIGEST") != header:
            return _json(start_response, "400 Bad Request", {"error": "the bytes do not match their digest"})
        with self.lock:
            draft = path.with_suffix(".new")
            draft.write_bytes(body)
            draft.replace(path)
        return _json(start_response, "201 Created", {"digest": digest})

    def _take(self, body: bytes, key: str, start_response: Callable[..., Any]) -> list[bytes]:
        try:
            result = json.loads(body)
            digests = [one["digest"] for one in result["files"]]
            order, department = str(result["order"]), str(result["department"])
        except (ValueError, KeyError, TypeError):
            return _json(start_response, "400 Bad Request", {"error": "not understood"})
        if not DIGEST.fullmatch(key):
            return _json(start_response, "400 Bad Request", {"error": "an Idempotency-Key is needed"})
        missing = [digest for digest in digests if not (self.folder / "files" / digest).exists()]
        if self.mode == "refuse" or missing or not digests:
            return _json(start_response, "422 Unprocessable Content", {"error": "材料不全（演示）", "missing": missing})
        path = self.folder / "results" / f"{key}.json"
        with self.lock:
            if not path.exists():
                kept = {
                    **result, "at": int(self.now()), "receipt": f"演示-SJ-{int(key[:12], 16) % 10**10:010d}",
                    "order": order, "department": department,
                }  # fmt: skip
                draft = path.with_suffix(".new")
                draft.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
                draft.replace(path)
        return _json(start_response, "200 OK", {"receipt": json.loads(path.read_text("utf-8"))["receipt"]})

    def _page(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(str(one['receipt']))}</td><td>{html.escape(one['department'])}</td>"
            f"<td>{html.escape(str(one.get('title', '')))}</td><td>{html.escape(one['order'])}</td>"
            f"<td>{len(one['files'])}</td></tr>"
            for one in self.results()[:100]
        )
        choices = "".join(
            f"<p><label><input type='radio' name='mode' value='{mode}'{' checked' if mode == self.mode else ''}> {words}"
            "</label></p>"
            for mode, words in MODES.items()
        )
        return (
            "<!doctype html><html lang='zh-Hans-CN'><meta charset='utf-8'><title>演示用审批系统</title>"
            "<meta name='viewport' content='width=device-width'><h1>演示用审批系统</h1>"
            "<p><strong>这里不是任何政府部门的系统，收到的成果没有任何法律效力。</strong></p>"
            f"<form method='post'><fieldset><legend>怎样应答</legend>{choices}<button>保存</button></fieldset></form>"
            "<h2>收到的成果</h2><table><tr><th>回执</th><th>部门</th><th>项目</th><th>订单</th><th>文件数</th></tr>"
            f"{rows}</table></html>"
        )


def _send(start_response: Callable[..., Any], status: str, body: bytes, media_type: str, **headers: str) -> list[bytes]:
    start_response(
        status,
        [("Content-Type", media_type), ("Content-Length", str(len(body))), ("X-Practice", "true"), *headers.items()],
    )
    return [body]


def _json(start_response: Callable[..., Any], status: str, body: Mapping[str, Any]) -> list[bytes]:
    return _send(start_response, status, json.dumps(body, ensure_ascii=False).encode(), "application/json")


def main() -> None:
    """Serve on loopback until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    asked = parser.parse_args()
    secret = os.environ.get("DEPARTMENTS_SECRET", "")
    if len(secret) < 32:
        sys.exit("DEPARTMENTS_SECRET is missing or shorter than 32 characters")
    application = Departments(asked.data, secret)
    with server(asked.port, application) as serving:
        serving.serve_forever()


if __name__ == "__main__":
    main()
