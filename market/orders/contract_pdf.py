"""A contract as a PDF: the same bytes for the same content, on a machine with nothing but the Python packages.

typst sets the page; the font comes from a package (Noto Sans CJK, mainland glyphs by lang zh and region cn), never from the
system, so that every machine makes the same file. All words go in as data.
"""

import importlib.util
import io
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
import typst

TEMPLATE = Path(__file__).with_name("data") / "contract.typ"
FONTS = ("cvttf_NotoSansCJK_Regular", "cvttf_NotoSansCJK_Bold")
#: a PDF carries a time; a fixed one (2000-01-01) keeps the bytes the same
EPOCH = 946_684_800

LABELS = {
    "market": "西市　西安市网上中介服务超市",
    "contract": "合同",
    "template": "标准文本",
    "annexes": "附件",
    "signing": "电子签名见核对地址；纸质签署的，在此签名并注明日期。",
    "digest": "文本指纹（SHA-256）",
    "check": "扫描右边的码，或者打开下面的地址，核对指纹和签署情况：",
}
TABLE = {"head": ["阶段", "成果与付款条件", "期限", "金额"], "unit": " 个工作日", "total": "合计，含税"}
WAYS = {
    "direct": "直接选取",
    "draw": "随机抽取",
    "price": "竞价",
    "best_value": "择优",
    "auction": "网上竞价",
    "merit_draw": "信用优选抽取",
}


def render(content: Mapping[str, Any], digest: str, address: str) -> bytes:
    """The contract `content` (contract_text.compose) with its `digest` and a QR code that leads to `address`, as a PDF.

    Raises RuntimeError (typst) for content that is no contract. Takes about 0.1 s.
    """
    return typst.compile(TEMPLATE.read_bytes(), format="pdf", timestamp=EPOCH, **_setting(content, digest, address))


def picture(content: Mapping[str, Any], digest: str, address: str) -> list[bytes]:
    """The same as pictures (PNG), one a page: for looking at it."""
    pages: Any = typst.compile(TEMPLATE.read_bytes(), format="png", ppi=96.0, **_setting(content, digest, address))
    return pages if isinstance(pages, list) else [pages]


def _setting(content: Mapping[str, Any], digest: str, address: str) -> dict[str, Any]:
    return {
        "root": str(TEMPLATE.parent),
        "font_paths": [str(folder) for folder in fonts()],
        "ignore_system_fonts": True,
        "sys_inputs": {"data": json.dumps(_page(content, digest, address), ensure_ascii=False)},
    }


@lru_cache(maxsize=1)
def fonts() -> tuple[Path, ...]:
    """The folders of the font packages. LookupError names one that is not installed."""
    found = []
    for name in FONTS:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise LookupError(f"the font package {name} is not installed: see requirements.txt")
        found.append(Path(spec.submodule_search_locations[0]))
    return tuple(found)


def qr(address: str) -> str:
    """The QR code (ISO/IEC 18004, error correction M) of an address as SVG."""
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", border=1, xmldecl=False, omitsize=True)
    return out.getvalue().decode()


def _page(content: Mapping[str, Any], digest: str, address: str) -> dict[str, Any]:
    """What the page shows, as the template wants it."""
    return {
        "title": content["title"],
        "contract": content["contract"],
        "template": content["template"]["version"],
        "digest": digest,
        "address": address,
        "qr": qr(address),
        "labels": LABELS,
        "table": TABLE,
        "facts": facts(content),
        "clauses": [{**clause, "table": clause["heading"].endswith("价款与支付")} for clause in content["clauses"]],
        "milestones": content["milestones"],
        "total": content["price"]["fen"],
        "annexes": [{**annex, "size": str(annex["size"])} for annex in content["annexes"]],
        "signs": [
            {"label": "甲方", "name": content["buyer"]["name"]},
            {"label": "乙方", "name": content["vendor"]["name"]},
        ],
    }


def facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The head of a contract: label and value, in Chinese, as on paper."""
    selection = content["selection"]
    way = WAYS[selection["way"]]
    if selection["listing"]:
        way += f"，服务产品 {selection['listing']}（第 {selection['publication']} 次发布）"
    pairs = [
        ("甲方（项目业主）", _side(content["buyer"])),
        ("乙方（中介机构）", _side(content["vendor"])),
        ("订单", content["order"]),
        ("项目", content["project"]["title"]),
        ("地点", content["project"]["district"] or ""),
        ("项目情况", "；".join(f"{label}：{value}" for label, value in content["project"]["facts"])),
        ("要求", content["project"]["description"]),
        ("选定方式", way),
    ]
    if content["replaces"]:
        pairs.append(("补充协议", f"替代指纹为 {content['replaces'][:16]}… 的文本。{content['reason'] or ''}"))
    return [(label, value) for label, value in pairs if value]


def _side(side: Mapping[str, Any]) -> str:
    return side["name"] + (f"，统一社会信用代码 {side['credit_code']}" if side["credit_code"] else "")


def public_address(public_url: str, contract_code: str) -> str:
    """The address of the public page with digest and signatures of a contract: what the QR code says."""
    return f"{public_url}/orders/contracts/{contract_code}"
