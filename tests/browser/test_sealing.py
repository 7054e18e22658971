"""Sealing and checking in a real browser: the same bytes and the same lines as in Python."""

import base64
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from market.bidding import bundle
from market.bidding.bundle_verifier import BEACON_SIGNATURE, verify
from market.config import ROOT
from market.kernel import canonical
from market.record import merkle, tlog_proof
from tests.unit.bidding import dishonest, mutations, synthetic

VECTORS = Path(__file__).parents[1] / "vectors" / "seal" / "wm-seal-1.json"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a test has its own output."""


@pytest.fixture(scope="module")
def scripts(browser: Browser) -> Iterator[Page]:
    """A page on localhost (a secure context) beside the scripts, which it asks for nothing else."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(ROOT / "static")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://localhost:{server.server_port}/js/verify.js")
    page.evaluate("async () => { window.v = await import('/js/verify.js'); window.s = await import('/js/seal.js'); }")
    yield page
    context.close()
    server.shutdown()


def lines_of(page: Page, contents: list[bytes]) -> list[list[str]]:
    """What the browser finds in each file."""
    return page.evaluate(
        """async ([policy, files]) => {
            const found = [];
            for (const file of files) {
                const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
                found.push(await v.verify(bytes, policy));
            }
            return found;
        }""",
        [synthetic.policy_bytes().decode(), [base64.b64encode(content).decode() for content in contents]],
    )


def ours(content: bytes) -> list[str]:
    """What Python finds, but for the one signature that a browser cannot check."""
    found = verify(content, synthetic.trusted(), signatures_of_beacons=False)
    return [str(one) for one in found if one.part != BEACON_SIGNATURE]


def test_browser_and_program_say_the_same_line_by_line(scripts: Page) -> None:
    """Sound files of every method, what a dishonest operator makes with all keys, and 500 seeded changes."""
    requests: list[str] = []
    scripts.on("request", lambda request: requests.append(request.url))
    files = {f"sound: {name}": synthetic.sound(name) for name in synthetic.SOUND}
    files |= {f"varied: {seed}": synthetic.varied(seed).bundle() for seed in range(24)}
    files |= {f"dishonest: {name}": make() for name, (make, _) in dishonest.CASES.items()}
    files |= dict(mutations.mutated(500))
    names, contents = list(files), list(files.values())

    found = [lines for at in range(0, len(contents), 50) for lines in lines_of(scripts, contents[at : at + 50])]

    assert len(found) == 500 + 24 + len(synthetic.SOUND) + len(dishonest.CASES)
    assert {name: lines for name, lines in zip(names, found, strict=True) if lines != ours(files[name])} == {}
    assert [
        name for name, lines in zip(names, found, strict=True) if lines and name.startswith(("sound", "varied"))
    ] == []
    assert requests == []


def test_the_shape_of_a_bundle_is_the_same_in_both(scripts: Page) -> None:
    shape, named, read = scripts.evaluate("[v.SHAPE, v.NAMED, v.READ]")

    assert (shape, named) == (dict(bundle.SHAPE), dict(bundle.NAMED))
    assert list(shape) == list(bundle.SHAPE)
    assert {name: set(fields) for name, fields in read.items()} == dict(bundle.leaves.READ)


def test_a_browser_that_computes_rightly_seals_the_frozen_envelopes(scripts: Page) -> None:
    cases = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]

    assert scripts.evaluate("s.selfTest()") == []
    for case in cases:
        found = scripts.evaluate(
            """async (given) => {
                const left = given.chance.map(v.fromHex), holders = given.holders.map((one) => one.public);
                const envelope = await s.signed(
                    await s.sealed({...given, holders}, () => left.shift()), v.fromHex(given.account_private));
                const keys = new Map(given.holders.slice(-2).map((one, at, two) =>
                    [given.holders.length - two.length + at + 1, v.fromHex(one.private)]));
                return {
                    envelope,
                    digest: v.envelopeDigest(v.fromHex(given.salt), v.canonicalBytes(envelope)),
                    bid: (await v.opened(envelope, keys)).bid,
                };
            }""",
            case,
        )
        assert found == {name: case[name] for name in ("envelope", "digest", "bid")}, case["name"]


def test_a_browser_without_a_primitive_says_which(scripts: Page) -> None:
    assert scripts.evaluate(
        """async () => {
            const real = SubtleCrypto.prototype.importKey;
            SubtleCrypto.prototype.importKey = function (format, key, name, ...rest) {
                if ((name.name || name) === "X25519") throw new DOMException("", "NotSupportedError");
                return real.call(this, format, key, name, ...rest);
            };
            try { return await s.selfTest(); } finally { SubtleCrypto.prototype.importKey = real; }
        }"""
    ) == ["X25519"]


def test_a_form_is_sent_with_locked_envelopes_and_nothing_else(scripts: Page) -> None:
    """The price in yuan goes as fen into the envelope of the last key set; the words into the first; no field in clear."""
    keys = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"][0]["holders"]
    named = [{"holder": str(place), "key": one["public"]} for place, one in enumerate(keys)]
    sent = scripts.evaluate(
        """async ([seal, secrets]) => {
            const form = document.createElement("form");
            form.dataset.seal = JSON.stringify(seal);
            form.innerHTML = `<input name="csrf_token" value="c"><input data-sealed="price" value="87,500.01">
                <textarea data-sealed="approach">方案</textarea>
                <input type="hidden" name="envelope_technical"><input type="hidden" name="envelope_price"><button>Seal</button>`;
            document.documentElement.append(form);
            s.start(document);
            while (!form.dataset.sealReady) await new Promise((done) => setTimeout(done, 5));
            const submitted = new Promise((done) => { form.submit = () => done([...new FormData(form)]); });
            form.requestSubmit();
            const fields = Object.fromEntries(await submitted);
            const keys = new Map(secrets.slice(0, 2).map((secret, at) => [at + 1, v.fromHex(secret)]));
            const bids = {};
            for (const set of ["technical", "price"]) {
                bids[set] = (await v.opened(JSON.parse(fields[`envelope_${set}`]), keys)).bid;
            }
            form.remove();
            return {fields: Object.keys(fields).sort(), bids, clear: JSON.stringify(fields).includes("方案")};
        }""",
        [
            {"tender": "T-7K3M9Q2FE", "bidder": "V-4F7Q2M9K3", "keys": {"price": named, "technical": named}},
            [one["private"] for one in keys],
        ],
    )

    assert sent == {
        "fields": ["csrf_token", "envelope_price", "envelope_technical"],
        "bids": {
            "technical": {"part": "technical", "approach": "方案"},
            "price": {"part": "price", "price": 8_750_001},
        },
        "clear": False,
    }


def test_a_key_file_opens_with_its_passphrase_only(scripts: Page) -> None:
    found = scripts.evaluate(
        """async () => {
            const file = await s.newKeyFile({tender: "T-7K3M9Q2FE", set: "bids", holder: "buyer"}, "长安 西市");
            const held = await s.fromKeyFile(file, "长安 西市");
            const other = file.replace('"holder":"buyer"', '"holder":"operator"');
            const refused = async (text, words) => s.fromKeyFile(text, words).then(() => false, () => true);
            return [held.holder, held.key === v.hexOf(await v.publicKey(v.fromHex(held.secret))),
                await refused(file, "长安"), await refused(other, "长安 西市")];
        }"""
    )

    assert found == ["buyer", True, True, True]


def receipt() -> str:
    """The receipt of the first bid of a sound tender, as its bidder keeps it."""
    tender = synthetic.lowest()
    note = tender.record.checkpoint(tender.closes)
    entry = tender.envelopes[0]
    index, size = tender.received[bundle.digest_of(entry)], len(tender.record.texts)
    extra = {
        "leaf": bundle.parsed(tender.record.texts[index]),
        "salt": entry["salt"],
        "envelope": canonical.leaf(entry["envelope"]).decode(),
    }
    proof = merkle.inclusion_proof(tender.record.reader, index, size)
    return tlog_proof.write(tlog_proof.Receipt(index, tuple(proof), note, canonical.leaf(extra)))


def test_a_receipt_is_checked_in_the_browser(scripts: Page) -> None:
    text, policy = receipt(), synthetic.policy_bytes().decode()
    changed = [text, text.replace("index ", "index 1"), "x" + text]
    changed += [text[:at] + ("B" if text[at] != "B" else "C") + text[at + 1 :] for at in range(30, len(text), 97)]

    found = scripts.evaluate(
        """async ([texts, policy]) => {
            const found = [];
            for (const text of texts) found.push((await v.verifyReceipt(text, policy)).lines);
            return found;
        }""",
        [changed, policy],
    )

    assert found[0] == []
    assert all(len(lines) >= 1 for lines in found[1:])


def test_the_page_shows_sound_or_the_lines(scripts: Page) -> None:
    shown = scripts.evaluate(
        """async ([policy, files]) => {
            const part = document.createElement("section");
            part.dataset.verify = "";
            part.innerHTML = `<input type="file" data-verify-file><pre data-verify-policy></pre><ol data-verify-lines></ol>
                <p data-verify-sound hidden>sound</p><p data-verify-wrong hidden>wrong</p>`;
            part.querySelector("pre").textContent = policy;
            document.documentElement.append(part);
            v.start(document);
            const found = [];
            for (const file of files) {
                const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
                const given = new DataTransfer();
                given.items.add(new File([bytes], "T.json"));
                delete part.dataset.verified;
                part.querySelector("input").files = given.files;
                part.querySelector("input").dispatchEvent(new Event("change", {bubbles: true}));
                while (!part.dataset.verified) await new Promise((done) => setTimeout(done, 5));
                found.push([...part.querySelectorAll("p:not([hidden]), li")].map((one) => one.textContent));
            }
            part.remove();
            return found;
        }""",
        [
            synthetic.policy_bytes().decode(),
            [base64.b64encode(content).decode() for content in (synthetic.sound("direct"), b"{}", receipt().encode())],
        ],
    )

    fields = ", ".join(sorted(bundle.SHAPE))
    assert sorted(map(sorted, shown)) == sorted(
        map(sorted, (["sound"], [f"file: $ has not exactly the fields {fields}", "wrong"], ["sound"]))
    )
