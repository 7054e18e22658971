/* Sealing a bid in the browser (WM-SEAL-1, market/bidding/seal.py): what is written here leaves the machine only locked.

   `selfTest` asks first whether this browser computes X25519, AES-GCM and Ed25519 rightly; where it does not, the page shows the
   part marked data-seal-unable, which leads to `bin/market tenders seal`, and nothing can be sent.

   A form with data-seal='{"tender":…,"bidder":…,"keys":{set:[{"holder","key"}…]}}' has fields without a name (so that they are never
   sent) marked data-sealed="price" (yuan, becomes fen) or data-sealed="words" (any other name of the bid), and for each key set of the
   notice a hidden field envelope_<set>, filled when the form is sent. */

import {
  bytesOf, canonical, canonicalBytes, commitment, framed, fromHex, hexOf, joined, keySchedule, pairs, publicKey, sharedSecret,
} from "./verify.js";

const subtle = globalThis.crypto?.subtle;
const chance = (length) => crypto.getRandomValues(new Uint8Array(length));
const NOTHING = new Uint8Array();
const BLOCK = 1024;

async function gcm(key, nonce, aad, text) {
  const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  return new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, imported, text));
}

/* SealBase of RFC 9180 with an empty aad: 32 bytes of ephemeral public key, then the locked text. */
export async function hpkeSealed(recipient, info, text, ephemeral = chance(32)) {
  const enc = await publicKey(ephemeral);
  const { key, nonce } = await keySchedule(await sharedSecret(ephemeral, recipient, joined(enc, recipient)), info);
  return joined(enc, await gcm(key, nonce, NOTHING, text));
}

function padded(text) {
  const all = new Uint8Array(Math.ceil((text.length + 1) / BLOCK) * BLOCK);
  all.set(text);
  all[text.length] = 0x80;
  return all;
}

/* The envelope of a bid, without key and signature. `holders`: public keys of the key set in hexadecimal; `take(n)` gives random
   bytes in the order of the Python sealer: nonce, K, then for each pair the inner and the outer ephemeral key. */
export async function sealed({ tender, bidder, part, bid, holders }, take = chance) {
  const text = canonicalBytes(bid), nonce = take(32), secret = take(32);
  const com = commitment(tender, bidder, nonce, text);
  const lock = await gcm(secret, new Uint8Array(12), framed("wm/seal/v1", tender, bidder, com), padded(framed(tender, bidder, nonce, text)));
  const boxes = {};
  for (const pair of pairs(holders.length)) {
    const [first, second] = pair.split("-").map((place) => fromHex(holders[place - 1]));
    const layer = (name) => framed("wm/seal/v1", tender, bidder, pair, name);
    const inner = await hpkeSealed(first, layer("inner"), secret, take(32));
    boxes[pair] = hexOf(await hpkeSealed(second, layer("outer"), inner, take(32)));
  }
  return { tender, bidder, part, com: hexOf(com), ct: hexOf(lock), boxes };
}

/* An envelope with the Ed25519 key (its private half, 32 bytes) that signs it: for key holders, whose key is in their own hands. */
export async function signed(envelope, secret) {
  const prefix = fromHex("302e020100300506032b657004220420");
  const key = await subtle.importKey("pkcs8", joined(prefix, secret), { name: "Ed25519" }, true, ["sign"]);
  const { x } = await subtle.exportKey("jwk", key);
  const spoken = Uint8Array.from(atob(x.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  const whole = { ...envelope, key: hexOf(spoken) };
  return { ...whole, signature: hexOf(new Uint8Array(await subtle.sign("Ed25519", key, canonicalBytes(whole)))) };
}

const KNOWN = {
  async X25519() {
    const found = await publicKey(fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
    return hexOf(found) === "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
  },
  async "AES-GCM"() {
    const found = await gcm(new Uint8Array(32), new Uint8Array(12), NOTHING, new Uint8Array(16));
    return hexOf(found) === "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919";
  },
  async Ed25519() {
    const point = fromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const signature = fromHex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    const key = await subtle.importKey("raw", point, { name: "Ed25519" }, false, ["verify"]);
    const right = await subtle.verify("Ed25519", key, signature, fromHex("72"));
    return right && !(await subtle.verify("Ed25519", key, signature, fromHex("73")));
  },
};

/* The names of what this browser cannot do; empty when it can seal. Cases: RFC 7748 6.1, NIST GCM test case 14, RFC 8032 test 2. */
export async function selfTest() {
  const unable = [];
  for (const [name, works] of Object.entries(KNOWN)) {
    if (!(await works().catch(() => false))) unable.push(name);
  }
  return unable;
}

/* Key files: a key holder's private keys under a passphrase (PBKDF2-HMAC-SHA-256, then AES-256-GCM). */
export const KEY_FORMAT = "west-market-key/1";
const ROUNDS = 600000;

async function passphraseKey(passphrase, salt, rounds) {
  const base = await subtle.importKey("raw", bytesOf(passphrase.normalize("NFC")), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, base, 256));
}

const headOf = ({ format, tender, set, holder, key, rounds }) => framed(format, tender, set, holder, key, String(rounds));

/* The text of a new key file for one key set of a tender. */
export async function newKeyFile({ tender, set, holder }, passphrase) {
  const secret = chance(32), salt = chance(16), nonce = chance(12);
  const file = { format: KEY_FORMAT, tender, set, holder, key: hexOf(await publicKey(secret)), rounds: ROUNDS };
  const locked = await gcm(await passphraseKey(passphrase, salt, ROUNDS), nonce, headOf(file), secret);
  return canonical({ ...file, salt: hexOf(salt), nonce: hexOf(nonce), locked: hexOf(locked) });
}

/* What a key file holds: {tender, set, holder, key, secret} in hexadecimal. Throws when passphrase or file is wrong. */
export async function fromKeyFile(text, passphrase) {
  const file = JSON.parse(text);
  if (file.format !== KEY_FORMAT || file.rounds > 10 * ROUNDS) throw new Error("this is no key file");
  const key = await subtle.importKey("raw", await passphraseKey(passphrase, fromHex(file.salt), file.rounds), "AES-GCM", false, ["decrypt"]);
  const opened = await subtle.decrypt({ name: "AES-GCM", iv: fromHex(file.nonce), additionalData: headOf(file) }, key, fromHex(file.locked));
  const secret = new Uint8Array(opened);
  if (hexOf(await publicKey(secret)) !== file.key) throw new Error("the file holds another key than it says");
  return { tender: file.tender, set: file.set, holder: file.holder, key: file.key, secret: hexOf(secret) };
}

/* Yuan with at most two decimals as integer fen; null for anything else. */
export function fenOf(text) {
  const found = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text.normalize("NFKC").replaceAll(/[\s,]/g, ""));
  if (!found) return null;
  const fen = Number(found[1]) * 100 + Number((found[2] || "").padEnd(2, "0"));
  return Number.isSafeInteger(fen) ? fen : null;
}

/* What a form says, as one bid for each key set: the price goes to the last set, everything else to the first. */
export function bidsOf(form, keys) {
  const sets = Object.keys(keys).sort((a, b) => Number(b === "technical") - Number(a === "technical"));
  const bids = Object.fromEntries(sets.map((set) => [set, { part: set }]));
  for (const field of form.querySelectorAll("[data-sealed]")) {
    const name = field.dataset.sealed, text = field.value.trim();
    if (name === "price") {
      const fen = fenOf(text);
      field.setCustomValidity(fen === null && (text || field.required) ? field.dataset.wrong || "?" : "");
      if (fen !== null) bids[sets.at(-1)].price = fen;
    } else if (field.type === "checkbox") {
      if (field.checked) for (const set of sets) bids[set][name] = true;
    } else if (text) {
      bids[sets[0]][name] = text.normalize("NFC");
    }
  }
  return bids;
}

async function seal(form) {
  const { tender, bidder, keys } = JSON.parse(form.dataset.seal);
  const bids = bidsOf(form, keys);
  if (!form.reportValidity()) return false;
  for (const [set, bid] of Object.entries(bids)) {
    const holders = keys[set].map((one) => one.key);
    form.elements[`envelope_${set}`].value = canonical(await sealed({ tender, bidder, part: set, bid, holders }));
  }
  return true;
}

export function start(root) {
  root.querySelectorAll("form[data-seal]").forEach(async (form) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await seal(form)) form.submit();
    });
    const unable = await selfTest();
    form.querySelectorAll("button").forEach((button) => { button.disabled = unable.length > 0; });
    root.querySelectorAll("[data-seal-unable]").forEach((part) => { part.hidden = unable.length === 0; });
    form.dataset.sealReady = unable.length ? "no" : "yes";
  });
}
