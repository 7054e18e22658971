"""The PDF of a contract: the same bytes each time, with the Chinese text, the digest and a code that leads to its public page."""

import json
import re
import zlib
from pathlib import Path

import pytest
import typst

from market.orders import contract_pdf, contract_text
from tests.unit.orders.test_contract_text import composed

ADDRESS = "https://market.example/orders/contracts/C-7K3M9Q2FX"


@pytest.fixture(scope="module")
def made() -> tuple[dict, str, bytes]:  # type: ignore[type-arg]
    content = composed(
        title="年产 2 万套机柜 #set text(red) <b>粗</b>",
        annexes=(contract_text.Annex("D-7K3M9Q2FX", "厂区平面图.pdf", "a" * 64, 12345),),
    )
    digest = contract_text.digest(content)
    return content, digest, contract_pdf.render(content, digest, ADDRESS)


def shown(pdf: bytes) -> set[str]:
    """The characters of a PDF: what its subset fonts map to Unicode (ISO 32000-1, 9.10.3)."""
    found: set[str] = set()
    for stream in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            text = zlib.decompress(stream[1]).decode("latin-1")
        except zlib.error:
            continue
        for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.DOTALL):
            for _, target in re.findall(r"<(\w+)>\s*<(\w+)>", block):
                found.update(bytes.fromhex(target).decode("utf-16-be"))
        for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.DOTALL):
            for first, last, target in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
                start = int(target, 16)
                found.update(chr(start + i) for i in range(int(last, 16) - int(first, 16) + 1))
    return found


def test_the_same_content_gives_the_same_bytes(made: tuple) -> None:  # type: ignore[type-arg]
    content, digest, pdf = made
    assert pdf.startswith(b"%PDF-")
    assert contract_pdf.render(content, digest, ADDRESS) == pdf


def test_it_holds_the_characters_of_the_contract(made: tuple) -> None:  # type: ignore[type-arg]
    _, digest, pdf = made
    found = shown(pdf)
    for sign in set("环境影响报告表编制服务合同年产机柜厂区平面图" + digest):
        assert sign in found, sign


def test_what_typst_reads_is_what_was_composed(made: tuple) -> None:  # type: ignore[type-arg]
    """The page's own texts, asked of typst: headings of all clauses, in order, and nothing that a text could have ordered."""
    content, digest, _ = made
    data = {"data": json.dumps(contract_pdf._page(content, digest, ADDRESS), ensure_ascii=False)}
    headings = json.loads(
        typst.query(
            contract_pdf.TEMPLATE.read_bytes(), "heading", field="body", root=str(contract_pdf.TEMPLATE.parent),
            font_paths=[str(folder) for folder in contract_pdf.fonts()], ignore_system_fonts=True, sys_inputs=data,
        )
    )  # fmt: skip
    texts = json.dumps(headings, ensure_ascii=False)
    assert [clause["heading"] for clause in content["clauses"] if clause["heading"] not in texts] == []


def test_a_text_cannot_give_orders_to_the_page(made: tuple) -> None:  # type: ignore[type-arg]
    """Words of people are data: a title in typst's own language is printed as it stands."""
    content, digest, _ = made
    plain = {**content, "project": {**content["project"], "title": "普通标题"}}
    assert contract_pdf.picture(content, digest, ADDRESS) != contract_pdf.picture(plain, digest, ADDRESS)
    evil = {**content, "title": '#read("/etc/hostname")', "contract": '"]; #panic("x")'}
    assert contract_pdf.render(evil, digest, ADDRESS).startswith(b"%PDF-")


def test_the_code_leads_to_the_public_page() -> None:
    assert contract_pdf.public_address("https://market.example", "C-7K3M9Q2FX") == ADDRESS
    svg = contract_pdf.qr(ADDRESS)
    assert svg.startswith("<svg")
    assert "style=" not in svg
    assert contract_pdf.qr(ADDRESS) == svg != contract_pdf.qr(ADDRESS + "1")


def test_the_fonts_come_from_packages() -> None:
    for folder in contract_pdf.fonts():
        assert list(Path(folder).glob("*.otf"))
