"""A practice data hub: `python -m practice.data_hub --port N --data DIR` hands out invented certificates of any demo person.

It knows the kinds of document that the matters in market/catalogue/data/matters.json call shared, makes each as a PDF clearly
marked 演示 (typst, data_hub.typ), and hands it out only for a signed request that names a consent:

    POST /available   {"holder": {...}, "kinds": [...]}             what it holds of these kinds
    POST /documents   {"holder": {...}, "kind": "...", "consent": {"code", "order", "given_at"}}    the PDF, or 404

X-Market-Signature is the hex HMAC-SHA-256, under the secret in the environment variable DATA_HUB_SECRET, over the lines
X-Market-Time, method, path and hex SHA-256 of the body; a time more than five minutes off is refused. `GET /` is a page that
says what it is, what was asked of it, and lets it play: answering, slow, away, or sending damaged documents. DIR keeps that,
the documents and the list of what was handed out.
"""

import argparse
import base64
import hashlib
import html
import importlib.util
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import typst

from practice.serving import server
from practice.signed import is_signed

MATTERS = Path(__file__).resolve().parent.parent / "market" / "catalogue" / "data" / "matters.json"
TEMPLATE = Path(__file__).with_name("data_hub.typ")
FONTS = ("cvttf_NotoSansCJK_Regular", "cvttf_NotoSansCJK_Bold")
#: a fixed time in the files (2000-01-01) keeps their bytes the same
EPOCH = 946_684_800
MODES = {"up": "正常应答", "slow": "很慢（每次 15 秒）", "down": "停用（503）", "damaged": "送出损坏的文件"}
SLOW = 15
LARGEST_REQUEST = 64 * 1024

#: kinds that only people have, and only organisations
OF_PEOPLE = re.compile("身份证|户籍|婚姻|出入境|死亡证明|社保缴费|职业技能|学历|无犯罪|普通话|医师执业|宅基地")
OF_FIRMS = re.compile("施工企业资质|统一社会信用代码证|举办者|设备制造|产权登记|项目|规划许可|施工|竣工|用地")
#: kinds with a last day
ENDING = re.compile("资质|许可|身份证|交强险|执业")


class Hub:
    """The invented documents and what was asked of them, kept in a folder."""

    def __init__(self, folder: Path, secret: str, now: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.secret = secret
        self.now = now
        self.lock = threading.Lock()
        (folder / "documents").mkdir(parents=True, exist_ok=True)

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """Kind of document -> the department that holds it."""
        matters = json.loads(MATTERS.read_text(encoding="utf-8"))["matters"]
        rows = [row for matter in matters for row in matter["documents"] if row["source"] == "shared"]
        return {row["name_zh"]: row["from"] for row in rows}

    @property
    def mode(self) -> str:
        """How it plays at present: a key of MODES."""
        path = self.folder / "mode"
        return path.read_text().strip() if path.exists() else "up"

    def play(self, mode: str) -> None:
        """Play `mode` from here on; unknown modes are passed over."""
        if mode in MODES:
            (self.folder / "mode").write_text(mode)

    def holds(self, kind: str, holder: Mapping[str, Any]) -> bool:
        """Whether there is a document of this kind for a holder of this sort."""
        other = OF_FIRMS if holder["kind"] == "person" else OF_PEOPLE
        return kind in self.kinds and not other.search(kind)

    def document(self, kind: str, holder: Mapping[str, Any]) -> bytes:
        """The PDF, made once for each kind and holder."""
        seed = hashlib.sha256(f"{kind}|{holder['code']}|{holder['name']}".encode()).hexdigest()
        path = self.folder / "documents" / f"{seed}.pdf"
        with self.lock:
            if not path.exists():
                draft = path.with_suffix(".new")
                draft.write_bytes(render(kind, holder, self.kinds[kind], seed))
                draft.replace(path)
        return path.read_bytes()

    def note(self, row: Mapping[str, Any]) -> None:
        """Add to the list of what was handed out."""
        with self.lock, (self.folder / "handed-out.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def handed_out(self) -> list[dict[str, Any]]:
        """What was handed out, the newest first."""
        path = self.folder / "handed-out.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in reversed(lines)]

    # The application ----------------------------------------------------------------------------------------------------

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The hub as a WSGI application."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == "/" and method in ("GET", "HEAD"):
            return _send(start_response, "200 OK", self._page().encode(), "text/html; charset=utf-8")
        body = environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), LARGEST_REQUEST))
        if path == "/" and method == "POST":
            self.play(parse_qs(body.decode()).get("mode", [""])[0])
            return _send(start_response, "303 See Other", b"", "text/plain", Location="/")
        if method != "POST" or path not in ("/available", "/documents"):
            return _json(start_response, "404 Not Found", {"error": "POST /available or /documents"})
        if self.mode == "down":
            return _json(start_response, "503 Service Unavailable", {"error": "practice: away"})
        if self.mode == "slow":
            time.sleep(SLOW)
        if not is_signed(environ, body, self.secret, self.now(), method=method, path=path):
            return _json(start_response, "401 Unauthorized", {"error": "signature or time"})
        try:
            return self._answer(path, json.loads(body), start_response)
        except (ValueError, KeyError, TypeError, AttributeError):
            return _json(start_response, "400 Bad Request", {"error": "not understood"})

    def _answer(self, path: str, asked: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        holder = asked["holder"]
        if path == "/available":
            held = [
                {"kind": kind, "issuer": issuer(self.kinds[kind])}
                for kind in asked["kinds"]
                if self.holds(kind, holder)
            ]
            return _json(start_response, "200 OK", {"held": held})
        kind, consent = asked["kind"], asked["consent"]
        if not (consent["code"] and consent["order"] and consent["given_at"]):
            return _json(start_response, "403 Forbidden", {"error": "no consent"})
        if not self.holds(kind, holder):
            return _json(start_response, "404 Not Found", {"error": "not held"})
        content = self.document(kind, holder)
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        self.note({"at": int(self.now()), "kind": kind, "holder": holder["code"], **consent})
        more = {
            "Content-Digest": f"sha-256=:{digest}:",
            "X-Issuer": quote(issuer(self.kinds[kind])),
            "X-Practice": "true",
        }
        if ENDING.search(kind):
            more["X-Valid-To"] = "2030-12-31"
        if self.mode == "damaged":
            content = content[:-100] + bytes(100)
        return _send(start_response, "200 OK", content, "application/pdf", **more)

    def _page(self) -> str:
        rows = "".join(
            f"<tr><td>{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(row['at']))}</td><td>{html.escape(row['kind'])}</td>"
            f"<td>{html.escape(row['order'])}</td><td>{html.escape(row['code'])}</td></tr>"
            for row in self.handed_out()[:50]
        )
        choices = "".join(
            f"<p><label><input type='radio' name='mode' value='{mode}'{' checked' if mode == self.mode else ''}> {words}"
            "</label></p>"
            for mode, words in MODES.items()
        )
        return (
            "<!doctype html><html lang='zh-Hans-CN'><meta charset='utf-8'><title>演示用数据共享平台</title>"
            "<meta name='viewport' content='width=device-width'><h1>演示用数据共享平台</h1>"
            f"<p><strong>这里的证照全部是虚构的，没有任何法律效力。</strong>能调取 {len(self.kinds)} 种文件。</p>"
            f"<form method='post'><fieldset><legend>怎样应答</legend>{choices}<button>保存</button></fieldset></form>"
            f"<h2>调取记录</h2><table><tr><th>时间</th><th>文件</th><th>订单</th><th>授权</th></tr>{rows}</table></html>"
        )


def issuer(department: str) -> str:
    """The invented authority's name for a department of the matters."""
    return f"演示市{department}部门（演示）"


def render(kind: str, holder: Mapping[str, Any], department: str, seed: str) -> bytes:
    """An invented certificate as a PDF; `seed` (hex) gives its number. About 0.1 s."""
    lines = [["持有人", holder["name"]]]
    if holder.get("credit_code"):
        lines.append(["统一社会信用代码", holder["credit_code"]])
    if "身份证" in kind:
        lines.append(["公民身份号码", "6101**********00**（演示）"])
    lines += [
        ["内容", f"{kind}的登记内容（演示，虚构）"],
        ["有效期", "至 2030 年 12 月 31 日" if ENDING.search(kind) else "长期"],
    ]
    data = {
        "kind": kind,
        "number": f"演示-{int(seed[:12], 16) % 10**10:010d}",
        "lines": lines,
        "issuer": issuer(department),
        "issued": "2026 年 1 月 5 日",
    }
    return typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=_font_folders(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=EPOCH,
    )


def _font_folders() -> list[Path]:
    found = []
    for name in FONTS:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError(f"the font package {name} is not installed")
        found += [Path(place) for place in spec.submodule_search_locations]
    return sorted({path.parent for place in found for path in place.rglob("*.?t[fc]")})


def _json(start_response: Callable[..., Any], status: str, body: Mapping[str, Any]) -> list[bytes]:
    payload = json.dumps({**body, "practice": True}, ensure_ascii=False).encode()
    return _send(start_response, status, payload, "application/json; charset=utf-8")


def _send(start_response: Callable[..., Any], status: str, body: bytes, kind: str, **more: str) -> list[bytes]:
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("X-Content-Type-Options", "nosniff")]
    start_response(status, headers + [(name.replace("_", "-"), value) for name, value in more.items()])
    return [body]


def main() -> None:
    """Serve on the loopback address until stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1 (0: any free one)")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder for documents, state and the list of what was handed out"
    )
    given = parser.parse_args()
    secret = os.environ.get("DATA_HUB_SECRET", "")
    if not secret:
        sys.exit("DATA_HUB_SECRET is missing: the secret that signs requests to the hub")
    with server(given.port, Hub(given.data, secret)) as serving:
        print(f"practice data hub on http://127.0.0.1:{serving.server_port}", flush=True)
        serving.serve_forever()


if __name__ == "__main__":
    main()
