"""The text of a contract, from a template and facts: pure, in Chinese, canonical.

`compose` gives plain data: parties, subject, price against its standard, stages with instalments, terms, annexes by digest, and
the clauses in full. Whoever signs, signs the SHA-256 of its canonical JSON (RFC 8785, kernel/canonical.py). Amounts are integer
fen, periods working days, days ISO texts; nothing in it is computed again when it is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from market.kernel import canonical
from market.kernel.framing import framed
from market.kernel.money import Money

FORM = "wm-contract/1"
SIGNED = "wm/contract/v1"

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
NUMERALS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the work: `days` working days from its start, `fen` paid when it is accepted under `condition`."""

    title: str
    days: int
    fen: int
    condition: str

    def plain(self, number: int) -> dict[str, Any]:
        """As the content of a contract holds it."""
        return {
            "number": number, "title": self.title, "days": self.days, "fen": self.fen, "condition": self.condition,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """A party: how it is called, its unified social credit code where it has one, its public code where it has one."""

    name: str
    credit_code: str | None = None
    code: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class PriceStandard:
    """The price standard that the price is held to, with its figures (fen) at the facts of this order."""

    title: str
    version: str
    kind: str
    low_fen: int | None
    reference_fen: int | None
    high_fen: int | None


@dataclass(frozen=True, slots=True)
class Annex:
    """A file that is part of the contract by its digest (SHA-256, hex); `size` in bytes."""

    code: str
    name: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Subject:
    """What a contract is about: facts of the order, the item and the offer."""

    order: str
    contract: str
    number: int
    buyer: Side
    vendor: Side
    item: str
    item_slug: str
    item_version: str
    category: str
    deliverables: tuple[str, ...]
    qualifications: tuple[str, ...]
    title: str
    description: str
    district: str | None
    facts: tuple[tuple[str, str], ...]
    way: str
    listing: str | None
    publication: int | None
    days: int
    price_fen: int
    guarantee_days: int
    standard: PriceStandard | None
    #: terms in working days and thousandths, by their names in terms.py
    terms: Mapping[str, int]
    annexes: tuple[Annex, ...] = ()
    #: an amendment: digest of the version that it replaces, and why
    replaces: str | None = None
    reason: str | None = None
    drafted_on: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """The clauses and stages for one item: the general template with its category's and its own variations."""

    version: str
    title: str
    whole: Mapping[str, str]
    milestones: Sequence[Mapping[str, Any]]
    clauses: Sequence[Mapping[str, Any]]
    liability: Mapping[str, int]
    name: str = field(default="general")


def template_for(templates: Mapping[str, Any], category: str, item: str) -> Template:
    """The template of an item: its own variation over its category's over the general one.

    A variation may replace the stages and add paragraphs to clauses (`add`: clause -> paragraphs, limited to the items in
    `add_only_items`). KeyError for a paragraph added to a clause that does not exist.
    """
    general = templates["general"]
    variations = [
        (f"{kind}/{key}", templates[kind][key])
        for kind, key in (("categories", category), ("items", item))
        if key in templates[kind]
    ]
    clauses = {clause["key"]: {**clause, "paragraphs": list(clause["paragraphs"])} for clause in general["clauses"]}
    milestones = general["milestones"]
    for _, variation in variations:
        milestones = variation.get("milestones", milestones)
        for key, paragraphs in variation.get("add", {}).items():
            only = variation.get("add_only_items", {}).get(key)
            if only is None or item in only:
                clauses[key]["paragraphs"].extend(paragraphs)
    return Template(
        version=templates["version"],
        title=general["title"],
        whole=general["whole"],
        milestones=milestones,
        clauses=list(clauses.values()),
        liability=templates["liability"],
        name="+".join(["general", *(name for name, _ in variations)]),
    )


def stages(template: Template, *, price_fen: int, days: int, in_milestones: bool) -> list[Stage]:
    """The stages of the work with their instalments, which add up to `price_fen` (fen) and `days` (working days) exactly.

    By largest remainder (Hamilton); every stage takes at least one day, so that work of fewer days than stages is one stage.
    """
    parts = template.milestones
    if not in_milestones or days < len(parts) or price_fen < len(parts):
        return [Stage(template.whole["title"], days, price_fen, template.whole["condition"])]
    fens = [part.fen for part in Money(price_fen).shares([part["share"] for part in parts])]
    spare = [part.fen for part in Money(days - len(parts)).shares([part["days"] for part in parts])]
    return [
        Stage(part["title"], 1 + more, fen, part["condition"])
        for part, fen, more in zip(parts, fens, spare, strict=True)
    ]


def compose(template: Template, subject: Subject, work: Sequence[Stage]) -> dict[str, Any]:
    """The content of a contract as canonical plain data.

    Refuses (ValueError) stages that do not add up to price and days; KeyError for a placeholder that nothing fills.
    """
    if sum(stage.fen for stage in work) != subject.price_fen or sum(stage.days for stage in work) != subject.days:
        raise ValueError("the stages do not add up to the price and days of the contract")
    words = _words(template, subject)
    return {
        "form": FORM,
        "template": {"name": template.name, "version": template.version},
        "order": subject.order,
        "contract": subject.contract,
        "number": subject.number,
        "drafted_on": subject.drafted_on,
        "title": template.title.format_map(words),
        "buyer": _side(subject.buyer),
        "vendor": _side(subject.vendor),
        "item": {"slug": subject.item_slug, "name": subject.item, "version": subject.item_version},
        "project": {
            "title": subject.title,
            "description": subject.description,
            "district": subject.district,
            "facts": [list(pair) for pair in subject.facts],
        },
        "selection": {"way": subject.way, "listing": subject.listing, "publication": subject.publication},
        "price": {"fen": subject.price_fen, "capital": capital(subject.price_fen), "tax_included": True},
        "standard": _standard(subject.standard),
        "days": subject.days,
        "milestones": [stage.plain(number) for number, stage in enumerate(work, 1)],
        "terms": dict(subject.terms),
        "annexes": [
            {"code": annex.code, "name": annex.name, "digest": annex.digest, "size": annex.size}
            for annex in subject.annexes
        ],
        "clauses": [
            {
                "heading": f"第{numeral(number)}条　{clause['heading']}",
                "paragraphs": [text for line in clause["paragraphs"] if (text := line.format_map(words))],
            }
            for number, clause in enumerate(template.clauses, 1)
        ],
        "replaces": subject.replaces,
        "reason": subject.reason,
    }


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON of a contract's content: what is signed."""
    return canonical.digest(content)


def signed_text(order: str, contract: str, digest: str, party: str) -> bytes:
    """The bytes that a side signs: LP("wm/contract/v1", order, contract, digest, party) (framing.py)."""
    return framed(SIGNED, order, contract, digest, party)


# Words ------------------------------------------------------------------------------------------------------------------


def capital(fen: int) -> str:
    """An amount in the capital numerals of Chinese documents: 3180000 fen is 叁万壹仟捌佰元整. Refuses a negative amount."""
    if fen < 0 or fen >= 10**18:
        raise ValueError("an amount in words is not negative and below ten quadrillion yuan")
    yuan, jiao, cent = fen // 100, fen // 10 % 10, fen % 10
    text = f"{_whole(yuan)}元" if yuan or not fen else ""
    if not jiao and not cent:
        return f"{text}整"
    if jiao:
        text += f"{DIGITS[jiao]}角"
    elif text:
        text += "零"
    return text + (f"{DIGITS[cent]}分" if cent else "整")


def numeral(number: int) -> str:
    """The number of an article from 1 to 99: 12 is 十二."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{NUMERALS[tens]}十"
    return head + (NUMERALS[ones] if ones or not tens else "")


def _whole(number: int) -> str:
    """A whole number below 10**16 in capital numerals; 亿 counts in ten thousands before it, as it is read."""
    high, low = divmod(number, 10**8)
    if not high:
        return _below_yi(low)
    return f"{_below_yi(high)}亿" + (_joined(low, 10**7, _below_yi(low)) if low else "")


def _below_yi(number: int) -> str:
    high, low = divmod(number, 10**4)
    if not high:
        return _four(low) or DIGITS[0]
    return f"{_four(high)}万" + (_joined(low, 10**3, _four(low)) if low else "")


def _joined(number: int, least: int, words: str) -> str:
    """A lower part after a higher one: a gap before it is read as one zero."""
    return words if number >= least else DIGITS[0] + words


def _four(part: int) -> str:
    text, gap = "", False
    for place in range(3, -1, -1):
        figure = part // 10**place % 10
        if figure == 0:
            gap = bool(text)
            continue
        text += (DIGITS[0] if gap else "") + DIGITS[figure] + PLACES[place]
        gap = False
    return text


def _words(template: Template, subject: Subject) -> dict[str, str]:
    terms = subject.terms
    return {
        "order": subject.order,
        "item": subject.item,
        "title": subject.title,
        "deliverable": "、".join(subject.deliverables),
        "days": str(subject.days),
        "price": str(Money(subject.price_fen)),
        "capital": capital(subject.price_fen),
        "standard": _standard_words(subject.standard),
        "qualification": _qualification_words(subject.qualifications),
        "guarantee": _guarantee_words(subject.guarantee_days),
        "late_permille": _small(template.liability["late_permille_per_day"]),
        "late_cap_percent": _small(template.liability["late_cap_permille"] // 10),
        "cancel_funded": _cancel_words("开工前解除合同的", terms["cancel_share_funded"]),
        "cancel_under_way": _cancel_words("开工后由甲方解除合同的", terms["cancel_share_under_way"]),
        **{name: str(value) for name, value in terms.items()},
    }


def _standard_words(standard: PriceStandard | None) -> str:
    if standard is None:
        return "本项服务没有收费标准，价款由双方约定。"
    figures = [
        f"{label} {Money(fen)}"
        for label, fen in (
            ("下限", standard.low_fen), ("基准价", standard.reference_fen), ("上限", standard.high_fen),
        )
        if fen is not None
    ]  # fmt: skip
    binding = {
        "market": "该标准供参考，不是必须执行的价格。",
        "guided": "价款应当在该标准规定的幅度内。",
        "set": "价款应当等于该标准规定的价格。",
    }[standard.kind]
    at = f"按本项目情况计算：{'，'.join(figures)}。" if figures else ""
    return f"价款对照的收费标准为《{standard.title}》（版本 {standard.version}）。{at}{binding}"


def _qualification_words(names: Sequence[str]) -> str:
    if not names:
        return "从事本项服务不要求特定资质。"
    return f"乙方在整个服务期间具备从事本项服务所需的资质：{'、'.join(names)}。"


def _guarantee_words(days: int) -> str:
    if not days:
        return "成果交付后发现由乙方造成的错误，乙方应当及时免费更正。"
    return f"全部成果验收通过后 {days} 个工作日内发现由乙方造成的错误，乙方免费更正。"


def _cancel_words(case: str, permille: int) -> str:
    if permille == 0:
        return f"{case}，托管款全部退还甲方。"
    share = f"千分之{permille}" if permille % 10 else f"百分之{_small(permille // 10)}"
    return f"{case}，乙方得到当期托管款的{share}，作为已做工作的报酬，其余退还甲方。"


def _small(number: int) -> str:
    """A number up to 100 as it is read after 百分之 and 千分之."""
    return "一百" if number == 100 else numeral(number) if number else "零"


def _standard(standard: PriceStandard | None) -> dict[str, Any] | None:
    if standard is None:
        return None
    return {
        "title": standard.title,
        "version": standard.version,
        "kind": standard.kind,
        "low_fen": standard.low_fen,
        "reference_fen": standard.reference_fen,
        "high_fen": standard.high_fen,
    }


def _side(side: Side) -> dict[str, Any]:
    return {"name": side.name, "credit_code": side.credit_code, "code": side.code, "kind": side.kind}
