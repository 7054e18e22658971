/* Check a tender's file yourself: this one script, nothing fetched, nothing sent.

   It does line by line what `bin/market record verify` does (market/bidding/bundle_verifier.py and its siblings), with one exception:
   the BLS signature of a randomness beacon is left out, because browsers have no such curve; that the signature gives the randomness
   that the public record names is checked. `verify(bytes, policyText)` answers with one line per finding, none when all follows.
   The order of parts is that of the Python files: shapes, record, sealed envelopes, draws, points, low prices, auctions, methods,
   contents, checks. */

export const NOT_CHECKED = "beacon signature";

/* ---- bytes, texts, canonical JSON (market/kernel/canonical.py) ---- */

const UTF8 = new TextEncoder();
const subtle = globalThis.crypto?.subtle;

export const bytesOf = (text) => UTF8.encode(text);
export const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const fromHex = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const own = (object, name) => (object !== null && Object.hasOwn(object, name) ? object[name] : undefined);
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function bigEndian(number, length) {
  const out = new Uint8Array(length);
  for (let at = length - 1, rest = BigInt(number); at >= 0; at--, rest >>= 8n) out[at] = Number(rest & 255n);
  return out;
}

/* Each part after its length in 32 bits: no two lists of parts give the same bytes. */
export function framed(...parts) {
  const bytes = parts.map((part) => (typeof part === "string" ? bytesOf(part) : part));
  return joined(...bytes.flatMap((part) => [bigEndian(part.length, 4), part]));
}

class NotPlain extends Error {}

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function quoted(text) {
  if (LONE.test(text) || text.normalize("NFC") !== text) throw new NotPlain();
  return JSON.stringify(text);
}

/* The one text of a value: integers and texts, keys sorted by UTF-16 units. Refuses what has none. */
export function canonical(value, depth = 0) {
  if (depth > 100) throw new NotPlain();
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new NotPlain();
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, depth + 1)).join(",")}]`;
  if (!isObject(value)) throw new NotPlain();
  const fields = Object.keys(value).sort();
  return `{${fields.map((name) => `${quoted(name)}:${canonical(value[name], depth + 1)}`).join(",")}}`;
}

export const canonicalBytes = (value) => bytesOf(canonical(value));

function parsed(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text);
    if (canonical(value) !== text) throw new NotPlain();
    return value;
  } catch {
    throw new NotPlain();
  }
}

function byCode(a, b) {
  const left = [...a], right = [...b];
  for (let at = 0; at < left.length && at < right.length; at++) {
    if (left[at] !== right[at]) return left[at].codePointAt(0) - right[at].codePointAt(0);
  }
  return left.length - right.length;
}

const sortedCodes = (codes) => [...codes].sort(byCode);
const strictlySorted = (codes) => codes.every((code, at) => at === 0 || byCode(codes[at - 1], code) < 0);

/* ---- SHA-256 (FIPS 180-4), at once: a draw takes a dozen for each entrant ---- */

const ROUND_WORDS = (() => {
  const words = [];
  for (let number = 2; words.length < 64; number++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) prime = false;
    if (prime) words.push(number);
  }
  const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
  return {
    constants: Int32Array.from(words, (prime) => fraction(Math.cbrt(prime))),
    start: Int32Array.from(words.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
  };
})();

export function sha256(bytes) {
  const length = Math.ceil((bytes.length + 9) / 64) * 64;
  const padded = new Uint8Array(length);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  padded.set(bigEndian(bytes.length * 8, 8), length - 8);
  const state = Int32Array.from(ROUND_WORDS.start), words = new Int32Array(64), view = new DataView(padded.buffer);
  const turned = (word, by) => (word >>> by) | (word << (32 - by));
  for (let block = 0; block < length; block += 64) {
    for (let at = 0; at < 16; at++) words[at] = view.getInt32(block + 4 * at);
    for (let at = 16; at < 64; at++) {
      const a = words[at - 15], b = words[at - 2];
      const low = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3), high = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10);
      words[at] = (words[at - 16] + low + words[at - 7] + high) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let at = 0; at < 64; at++) {
      const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + ROUND_WORDS.constants[at] + words[at]) | 0;
      const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + first) | 0; d = c; c = b; b = a; a = (first + second) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => { state[at] = (state[at] + word) | 0; });
  }
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, at) => out.setInt32(4 * at, word));
  return new Uint8Array(out.buffer);
}

export const sha256Hex = (bytes) => hexOf(sha256(bytes));
const digest = (value) => sha256Hex(canonicalBytes(value));

/* ---- the shape of a bundle (market/bidding/bundle.py) ---- */

export const FORMAT = "west-market-bundle/1";
const HOLDERS = [{ holder: "text", key: "hash" }];
export const SHAPE = {
  format: "text",
  tender: "text",
  notice: {
    tender: "text",
    title: "text",
    item: "text",
    buyer: "text",
    district: "text",
    method: "text",
    closes: "time",
    ceiling: "number?",
    minimum: "number",
    keys: "keys",
    draw: { chain: "text", round: "number" },
    low: "object?",
    rules: "object",
    about: "object",
  },
  envelopes: [{
    salt: "hash",
    envelope: {
      tender: "text", bidder: "text", part: "text", com: "hash", ct: "hex", boxes: "hexes", key: "hash", signature: "hex",
    },
  }],
  reveals: [{ digest: "hash", nonce: "hash", bid: "object" }],
  pool: [{ id: "text", key: "hash" }],
  scores: "scores?",
  beacon: "beacon?",
  outcome: "object",
  leaves: [{ index: "number", leaf: "object", proof: ["hash"] }],
  checkpoints: [{ note: "text", proof: ["hash"] }],
};
export const NAMED = {
  keys: { bids: HOLDERS },
  "keys of two envelopes": { technical: HOLDERS, price: HOLDERS },
  scores: { experts: ["text"], marks: [{ bidder: "text", expert: "text", marks: ["number"] }] },
  beacon: { signature: "hex" },
};

const isText = (value) => typeof value === "string";
const KINDS = {
  text: isText,
  number: (value) => Number.isSafeInteger(value) && value >= 0,
  hash: (value) => isText(value) && /^[0-9a-f]{64}$/.test(value) && value.length === 64,
  hex: (value) => isText(value) && /^(?:[0-9a-f]{2})*$/.test(value) && !value.endsWith("\n"),
  hexes: (value) => isObject(value) && Object.values(value).every(KINDS.hex),
  object: isObject,
  time: (value) => isText(value) && secondsOf(value) !== null,
};

class Misshapen extends Error {}

function secondsOf(text) {
  if (!/^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return null;
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime()) || moment.toISOString() !== text.replace("Z", ".000Z")) return null;
  return moment.getTime() / 1000;
}

function checkShape(value, shape, path) {
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) throw new Misshapen(`${path} is no list`);
    value.forEach((one, place) => checkShape(one, shape[0], `${path}[${place}]`));
  } else if (isObject(shape)) {
    const fields = Object.keys(shape).sort();
    if (!isObject(value) || Object.keys(value).length !== fields.length || !fields.every((name) => Object.hasOwn(value, name))) {
      throw new Misshapen(`${path} has not exactly the fields ${fields.join(", ")}`);
    }
    for (const [name, inner] of Object.entries(shape)) checkShape(value[name], inner, `${path}.${name}`);
  } else if (shape.endsWith("?")) {
    if (value !== null) checkShape(value, shape.slice(0, -1), path);
  } else if (shape === "keys") {
    const two = isObject(value) && Object.hasOwn(value, "technical");
    checkShape(value, NAMED[two ? "keys of two envelopes" : "keys"], path);
  } else if (Object.hasOwn(NAMED, shape)) {
    checkShape(value, NAMED[shape], path);
  } else if (!KINDS[shape](value)) {
    throw new Misshapen(`${path} is no ${shape}`);
  }
}

function readBundle(bytes) {
  let document;
  try {
    document = parsed(bytes);
  } catch {
    throw new Misshapen("it is not JSON in its canonical form (RFC 8785)");
  }
  checkShape(document, SHAPE, "$");
  if (document.format !== FORMAT) throw new Misshapen(`$.format is not ${FORMAT}`);
  return document;
}

/* ---- the public record (market/record: merkle.py, notes.py, policy.py) ---- */

const leafHash = (entry) => sha256(joined(Uint8Array.of(0), entry));
const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));
const half = (number) => Math.floor(number / 2);
const odd = (number) => number % 2 === 1;

export function includes(index, size, leaf, proof, root) {
  if (!(index >= 0 && index < size)) return false;
  let place = index, last = size - 1, computed = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (odd(place) || place === last) {
      computed = nodeHash(sibling, computed);
      while (!odd(place) && place) { place = half(place); last = half(last); }
    } else {
      computed = nodeHash(computed, sibling);
    }
    place = half(place); last = half(last);
  }
  return last === 0 && same(computed, root);
}

export function consistent(old, size, oldRoot, root, proof) {
  if (!(old > 0 && old <= size)) return false;
  if (old === size) return proof.length === 0 && same(oldRoot, root);
  if (!proof.length) return false;
  const isPower = 2 ** Math.round(Math.log2(old)) === old;
  const nodes = isPower ? [oldRoot, ...proof] : proof;
  let place = old - 1, last = size - 1;
  while (odd(place)) { place = half(place); last = half(last); }
  let before = nodes[0], after = nodes[0];
  for (const node of nodes.slice(1)) {
    if (last === 0) return false;
    if (odd(place) || place === last) {
      before = nodeHash(node, before); after = nodeHash(node, after);
      while (!odd(place) && place) { place = half(place); last = half(last); }
    } else {
      after = nodeHash(after, node);
    }
    place = half(place); last = half(last);
  }
  return last === 0 && same(before, oldRoot) && same(after, root);
}

class Unproven extends Error {}

const base64Of = (bytes) => btoa(String.fromCharCode(...bytes));

function fromBase64(text) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new Unproven();
  }
  if (base64Of(bytes) !== text) throw new Unproven();
  return bytes;
}

async function isSignature(key, signature, text) {
  try {
    const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await subtle.verify({ name: "Ed25519" }, imported, signature, text);
  } catch {
    return false;
  }
}

const ED25519 = 1, COSIGNATURE = 4;

function readKey(vkey, kind) {
  const [name, id, ...rest] = vkey.split("+");
  const body = fromBase64(rest.join("+"));
  const key = { name, kind: body[0], public: body.slice(1), id };
  if (body.length !== 33 || body[0] !== kind || hexOf(sha256(joined(bytesOf(`${name}\n`), body)).slice(0, 4)) !== id) {
    throw new Unproven(`the key of ${name} is not written as it must be`);
  }
  return key;
}

/* A policy from its JSON form. Throws Unproven for anything else. */
export function readPolicy(text) {
  const said = JSON.parse(text);
  return {
    logs: said.logs.map((log) => readKey(log.vkey, ED25519)),
    witnesses: (said.witnesses || []).map((one) => ({ name: one.name, key: readKey(one.vkey, COSIGNATURE) })),
    groups: said.groups || [],
    quorum: said.quorum,
    beacons: said.beacons || [],
  };
}

function hasSeen(policy, name, by) {
  if (name === "none" || by.has(name)) return true;
  const group = policy.groups.find((one) => one.name === name);
  return Boolean(group) && group.members.filter((member) => hasSeen(policy, member, by)).length >= Number(group.threshold);
}

/* The Unix second from which the quorum had seen a checkpoint; null when it has not. */
function satisfiedAt(policy, cosigned) {
  const moments = [...new Set([0, ...cosigned.values()])].sort((a, b) => a - b);
  for (const moment of moments) {
    const by = new Set([...cosigned].filter(([, at]) => at <= moment).map(([name]) => name));
    if (hasSeen(policy, policy.quorum, by)) return moment;
  }
  return null;
}

function readNote(text) {
  if ([...text].some((character) => character < " " && character !== "\n")) throw new Unproven();
  const cut = text.lastIndexOf("\n\n");
  if (cut < 0 || text.length > 2 ** 20 || !text.endsWith("\n") || text.length <= cut + 2) throw new Unproven();
  const lines = text.slice(cut + 2, -1).split("\n");
  if (lines.length > 64) throw new Unproven();
  const signatures = lines.map((line) => {
    const [dash, name, ...rest] = line.split(" ");
    const blob = fromBase64(rest.join(" "));
    if (dash !== "—" || !name || blob.length <= 4) throw new Unproven();
    return { name, id: hexOf(blob.slice(0, 4)), blob: blob.slice(4) };
  });
  return { text: text.slice(0, cut + 1), signatures };
}

async function readCheckpoint(note, policy) {
  const { text, signatures } = readNote(note);
  const [origin, size, root, rest, ...more] = text.split("\n");
  if (rest !== "" || more.length || !origin || !/^(?:0|[1-9]\d{0,18})$/.test(size)) throw new Unproven();
  const checkpoint = { origin, size: Number(size), root: fromBase64(root), cosigned: new Map() };
  if (checkpoint.root.length !== 32 || !Number.isSafeInteger(checkpoint.size)) throw new Unproven();
  const keys = [...policy.logs, ...policy.witnesses.map((one) => one.key)];
  const signed = new Map();
  for (const line of signatures) {
    const key = keys.find((one) => one.name === line.name && one.id === line.id);
    if (!key || signed.has(key)) throw new Unproven();
    let at = 0, signature = line.blob, message = bytesOf(text);
    if (key.kind === COSIGNATURE) {
      if (line.blob.length !== 72) throw new Unproven();
      at = Number(new DataView(line.blob.slice(0, 8).buffer).getBigUint64(0));
      signature = line.blob.slice(8);
      message = bytesOf(`cosignature/v1\ntime ${at}\n${text}`);
    }
    if (!(await isSignature(key.public, signature, message))) throw new Unproven();
    signed.set(key, at);
  }
  if (!policy.logs.some((log) => signed.has(log) && log.name === origin)) throw new Unproven();
  for (const one of policy.witnesses) if (signed.has(one.key)) checkpoint.cosigned.set(one.name, signed.get(one.key));
  if (satisfiedAt(policy, checkpoint.cosigned) === null) throw new Unproven();
  if (checkpoint.size === 0 && !same(checkpoint.root, sha256(new Uint8Array()))) throw new Unproven();
  return checkpoint;
}

/* ---- sealed envelopes (market/bidding: hpke.py, seal.py) ---- */

async function hmac(key, data) {
  const imported = await subtle.importKey("raw", key.length ? key : new Uint8Array(32), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", imported, data));
}

const NOTHING = new Uint8Array();
const KEM = joined(bytesOf("KEM"), bigEndian(0x20, 2));
const SUITE = joined(bytesOf("HPKE"), bigEndian(0x20, 2), bigEndian(1, 2), bigEndian(2, 2));
const extract = (salt, suite, label, material) => hmac(salt, joined(bytesOf("HPKE-v1"), suite, bytesOf(label), material));
const expand = async (prk, suite, label, info, length) =>
  (await hmac(prk, joined(bigEndian(length, 2), bytesOf("HPKE-v1"), suite, bytesOf(label), info, Uint8Array.of(1)))).slice(0, length);

const PKCS8 = fromHex("302e020100300506032b656e04220420");

async function exchange(secret, point) {
  const own = await subtle.importKey("pkcs8", joined(PKCS8, secret), { name: "X25519" }, false, ["deriveBits"]);
  const other = await subtle.importKey("raw", point, { name: "X25519" }, false, []);
  return new Uint8Array(await subtle.deriveBits({ name: "X25519", public: other }, own, 256));
}

export const publicKey = (secret) => exchange(secret, joined(Uint8Array.of(9), new Uint8Array(31)));

/* The key and nonce of RFC 9180's key schedule in base mode, by the exchanged secret. */
export async function keySchedule(shared, info) {
  const binding = joined(Uint8Array.of(0), await extract(NOTHING, SUITE, "psk_id_hash", NOTHING), await extract(NOTHING, SUITE, "info_hash", info));
  const secret = await extract(shared, SUITE, "secret", NOTHING);
  return { key: await expand(secret, SUITE, "key", binding, 32), nonce: await expand(secret, SUITE, "base_nonce", binding, 12) };
}

export async function sharedSecret(secret, point, context) {
  return expand(await extract(NOTHING, KEM, "eae_prk", await exchange(secret, point)), KEM, "shared_secret", context, 32);
}

async function hpkeOpened(secret, info, box) {
  const enc = box.slice(0, 32);
  const shared = await sharedSecret(secret, enc, joined(enc, await publicKey(secret)));
  const { key, nonce } = await keySchedule(shared, info);
  return gcmOpened(key, nonce, NOTHING, box.slice(32));
}

async function gcmOpened(key, nonce, aad, lock) {
  const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, imported, lock));
}

class Unopened extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

export const commitment = (tender, bidder, nonce, text) => sha256(framed("wm/bid/v1", tender, bidder, nonce, text));
export const envelopeDigest = (salt, envelope) => sha256Hex(framed("wm/env/v1", salt, envelope));
const digestOf = (entry) => envelopeDigest(fromHex(entry.salt), canonicalBytes(entry.envelope));

export function pairs(holders) {
  const names = [];
  for (let i = 1; i < holders; i++) for (let j = i + 1; j <= holders; j++) names.push(`${i}-${j}`);
  return names;
}

export function isSigned(envelope) {
  const { signature, ...unsigned } = envelope;
  return isSignature(fromHex(envelope.key), fromHex(signature), canonicalBytes(unsigned));
}

async function unwrapped(envelope, keys) {
  if (keys.size < 2) throw new Unopened("keys");
  const [i, j] = [...keys.keys()].sort((a, b) => a - b);
  const layer = (name) => framed("wm/seal/v1", envelope.tender, envelope.bidder, `${i}-${j}`, name);
  let secret;
  try {
    const inner = await hpkeOpened(keys.get(j), layer("outer"), fromHex(own(envelope.boxes, `${i}-${j}`)));
    secret = await hpkeOpened(keys.get(i), layer("inner"), inner);
  } catch {
    throw new Unopened("damaged");
  }
  if (secret.length !== 32) throw new Unopened("damaged");
  return secret;
}

function partsOf(plain) {
  let end = plain.length;
  while (end && plain[end - 1] === 0) end--;
  if (plain.length % 1024 || plain[end - 1] !== 0x80 || plain.length - end >= 1024) throw new Unopened("damaged");
  const parts = [];
  for (let at = 0; at < end - 1; ) {
    const head = plain.slice(at, Math.min(at + 4, end - 1));
    const length = head.reduce((sum, byte) => sum * 256 + byte, 0);
    if (at + 4 + length > end - 1) throw new Unopened("damaged");
    parts.push(plain.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  if (parts.length !== 4) throw new Unopened("damaged");
  return parts;
}

function committed(envelope, nonce, text) {
  if (hexOf(commitment(envelope.tender, envelope.bidder, nonce, text)) !== envelope.com) throw new Unopened("commitment");
  let bid;
  try {
    bid = parsed(text);
  } catch {
    throw new Unopened("unreadable");
  }
  if (!isObject(bid)) throw new Unopened("unreadable");
  return { bid, nonce };
}

/* The bid of an envelope by the private keys of two holders (place -> 32 bytes). Throws Unopened. */
export async function opened(envelope, keys) {
  const secret = await unwrapped(envelope, keys);
  let plain;
  try {
    plain = await gcmOpened(secret, new Uint8Array(12), framed("wm/seal/v1", envelope.tender, envelope.bidder, fromHex(envelope.com)), fromHex(envelope.ct));
  } catch {
    throw new Unopened("damaged");
  }
  const [tender, bidder, nonce, text] = partsOf(plain);
  if (!same(tender, bytesOf(envelope.tender)) || !same(bidder, bytesOf(envelope.bidder))) throw new Unopened("ids");
  return committed(envelope, nonce, text);
}

/* ---- draws (market/bidding/draw.py) ---- */

function entriesHash(entries) {
  const pool = [...entries].sort((a, b) => byCode(a.id, b.id));
  if (!strictlySorted(pool.map((entry) => entry.id))) throw new Error("a code stands in the pool twice");
  return digest({ entries: pool });
}

const seedLine = (tender, entries, entropies, [chain, round, randomness], label) =>
  `WM-DRAW-1|${tender}|${entries}|${chain}|${round}|${randomness}|${entropies}${label ? `|${label}` : ""}`;

/* All numbers from 1 to size in the order of the seed (Rivest's sampler). */
export function permutation(seed, size) {
  const order = [], placed = new Set();
  for (let counter = 1; order.length < size; counter++) {
    const pick = Number(BigInt(`0x${sha256Hex(bytesOf(`${seed},${counter}`))}`) % BigInt(size)) + 1;
    if (!placed.has(pick)) {
      placed.add(pick);
      order.push(pick);
    }
  }
  return order;
}

function drawn(seed, codes) {
  const pool = sortedCodes(codes);
  return permutation(seed, pool.length).map((place) => pool[place - 1]);
}

/* ---- exact fractions ---- */

const gcd = (a, b) => (b ? gcd(b, a % b) : a < 0n ? -a : a);

class Fraction {
  constructor(numerator, denominator = 1n) {
    let n = BigInt(numerator), d = BigInt(denominator);
    if (d === 0n) throw new Error("division by zero");
    if (d < 0n) { n = -n; d = -d; }
    const common = gcd(n, d) || 1n;
    this.n = n / common;
    this.d = d / common;
  }
  plus(other) { const o = exact(other); return new Fraction(this.n * o.d + o.n * this.d, this.d * o.d); }
  minus(other) { const o = exact(other); return new Fraction(this.n * o.d - o.n * this.d, this.d * o.d); }
  times(other) { const o = exact(other); return new Fraction(this.n * o.n, this.d * o.d); }
  over(other) { const o = exact(other); return new Fraction(this.n * o.d, this.d * o.n); }
  compare(other) { const o = exact(other); const left = this.n * o.d, right = o.n * this.d; return left < right ? -1 : left > right ? 1 : 0; }
  get size() { return new Fraction(this.n < 0n ? -this.n : this.n, this.d); }
  toString() { return `${this.n}/${this.d}`; }
}

const exact = (value) => (value instanceof Fraction ? value : new Fraction(value));
const sum = (values) => values.reduce((total, value) => total.plus(value), new Fraction(0));
const mean = (values) => sum(values).over(values.length);
const least = (values) => values.reduce((a, b) => (b < a ? b : a));
const orZero = (value) => (value.compare(0) < 0 ? new Fraction(0) : value);

function shown(value) {
  const hundredths = (200n * value.n + value.d) / (2n * value.d);
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, "0")}`;
}

function need(rules, name) {
  const value = own(rules, name);
  if (value === undefined || value === null) throw new Error(`the rules lack ${name}`);
  return value;
}

/* ---- points (market/bidding/scoring.py) ---- */

const FORMULAS = {
  F1(offers, rules) {
    const weight = need(rules, "price_points"), lowest = least(offers.map((offer) => offer.price));
    return (price) => (price ? new Fraction(BigInt(weight) * BigInt(lowest), price) : new Fraction(weight));
  },
  F2(offers, rules, ceiling) {
    if (ceiling === null) throw new Error("the linear formula needs the notice's ceiling");
    const weight = need(rules, "price_points");
    const anchor = own(rules, "anchor") ?? least(offers.map((offer) => offer.price));
    const span = ceiling - anchor;
    return (price) => (price <= anchor || span <= 0 ? new Fraction(weight) : orZero(new Fraction(BigInt(weight) * BigInt(ceiling - price), span)));
  },
  F4: (offers, rules) => around(need(rules, "price_points"), mean(offers.map((offer) => offer.price))),
  F5(offers, rules) {
    const target = new Fraction(need(rules, "k"), 1000).times(benchmark(offers.map((offer) => offer.price)));
    return around(need(rules, "price_points"), target, new Fraction(need(rules, "e"), 1000), new Fraction(need(rules, "e"), 2000));
  },
  F6(offers, rules) {
    const best = [...offers].sort((a, b) => b.quality - a.quality || a.price - b.price || byCode(a.bidder, b.bidder)).slice(0, 2);
    const base = mean(best.map((offer) => offer.price)), near = around(need(rules, "price_points"), base);
    return (price) => (base.compare(price) < 0 ? near(price).times(new Fraction(95, 100)) : near(price));
  },
};

function around(weight, target, above = new Fraction(1), below = new Fraction(1)) {
  return (price) => {
    if (target.compare(0) === 0) return new Fraction(price ? 0 : weight);
    const slope = target.compare(price) < 0 ? above : below;
    return orZero(new Fraction(1).minus(slope.times(exact(price).minus(target).size).over(target)).times(weight));
  };
}

function benchmark(prices) {
  if (prices.length <= 5) return mean(prices);
  const inner = [...prices].sort((a, b) => a - b).slice(1, -1), middle = mean(inner);
  const near = inner.filter((price) => exact(price).minus(middle).size.times(5).compare(middle) <= 0);
  return mean(near.length ? near : inner);
}

function scored(offers, rules, ceiling) {
  const formula = need(rules, "formula");
  if (!Object.hasOwn(FORMULAS, formula)) throw new Error(`there is no formula ${formula}`);
  if (!offers.length) return new Map();
  const ofPrice = FORMULAS[formula](offers, rules, ceiling), weight = own(rules, "quality_points") ?? 0;
  return new Map(offers.map((offer) => {
    const price = ofPrice(offer.price), quality = new Fraction(BigInt(weight) * BigInt(offer.quality), 100000);
    return [offer.bidder, { price, quality, total: price.plus(quality) }];
  }));
}

function qualityOf(marks, trimmed) {
  if (!marks.length || !marks.every((mark) => mark >= 0 && mark <= 100000)) throw new Error("marks out of range");
  const kept = trimmed && marks.length >= 5 ? [...marks].sort((a, b) => a - b).slice(1, -1) : marks;
  const total = kept.reduce((a, b) => a + b, 0);
  return Math.floor((2 * total + kept.length) / (2 * kept.length));
}

/* ---- low prices (market/bidding/low_bids.py) ---- */

function estimateOf(low, ceiling) {
  const estimate = own(low, "estimate") ?? ceiling;
  if (!estimate) throw new Error("this rule needs an estimate or a ceiling");
  return estimate;
}

function italianThreshold(discounts) {
  const ordered = [...discounts].sort((a, b) => a.compare(b)), wing = Math.ceil(ordered.length / 10);
  if (!ordered.length) return null;
  const low = ordered[wing - 1], high = ordered[ordered.length - wing];
  const rest = ordered.filter((one) => low.compare(one) < 0 && one.compare(high) < 0);
  if (!rest.length) return null;
  const middle = mean(rest), excess = rest.filter((one) => one.compare(middle) > 0).map((one) => one.minus(middle));
  return excess.length ? middle.plus(mean(excess)) : middle;
}

function spanishLimit(prices, budget) {
  const ordered = [...prices].sort((a, b) => a - b);
  if (ordered.length === 1) return new Fraction(75n * BigInt(budget), 100);
  if (ordered.length === 2) return new Fraction(80n * BigInt(ordered[1]), 100);
  const middle = mean(ordered), isHigh = (price) => exact(price).times(10).compare(middle.times(11)) > 0;
  let kept = ordered.filter((price) => !isHigh(price));
  if (ordered.length === 3) {
    kept = isHigh(ordered[2]) ? ordered.slice(0, 2) : ordered;
    const limit = mean(kept).times(new Fraction(9, 10)), floor = new Fraction(75n * BigInt(budget), 100);
    return limit.compare(floor) > 0 ? limit : floor;
  }
  if (kept.length < 3) kept = ordered.slice(0, 3);
  return mean(kept).times(new Fraction(9, 10));
}

function turkishLimit(prices, estimate, n) {
  const e = BigInt(estimate);
  const valid = prices.filter((price) => 40n * e <= 100n * BigInt(price) && 100n * BigInt(price) <= 120n * e).map(exact);
  if (!valid.length) return null;
  const middle = mean(valid), square = (price) => price.minus(middle).times(price.minus(middle));
  const squares = sum(valid.map(square));
  let near = valid.filter((price) => square(price).times(valid.length - 1).compare(squares) <= 0);
  if (!near.length) near = valid;
  const second = mean(near), c = second.over(estimate);
  let k = c;
  if (c.compare(1) > 0) k = c.times(c).minus(c.times(new Fraction(4, 5))).plus(new Fraction(7, 5)).over(c.plus(1));
  else if (c.compare(new Fraction(3, 5)) >= 0) k = c.times(new Fraction(16, 5)).minus(c.times(c)).minus(new Fraction(3, 5)).over(c.plus(1));
  return k.times(second).over(n);
}

const LOW_RULES = {
  italy(prices, low, ceiling) {
    const base = estimateOf(low, ceiling), discount = (price) => new Fraction(base - price, base);
    const threshold = italianThreshold(prices.map(discount));
    return (price) => threshold !== null && discount(price).compare(threshold) >= 0;
  },
  spain(prices, low, ceiling) {
    const base = estimateOf(low, ceiling);
    return (price) => prices.length > 0 && exact(price).compare(spanishLimit(prices, base)) < 0;
  },
  turkey(prices, low, ceiling) {
    const limit = turkishLimit(prices, estimateOf(low, ceiling), new Fraction(own(low, "n") ?? 100000, 100000));
    return (price) => limit !== null && exact(price).compare(limit) < 0;
  },
  korea(prices, low, ceiling) {
    const floor = BigInt(need(low, "rate")) * BigInt(estimateOf(low, ceiling));
    return (price) => 100000n * BigInt(price) < floor;
  },
};

function flagged(prices, low, ceiling) {
  const found = new Set([...prices].filter(([, price]) => price === 0).map(([bidder]) => bidder));
  if (low !== null) {
    const name = need(low, "rule");
    if (!Object.hasOwn(LOW_RULES, name)) throw new Error(`there is no rule ${name}`);
    const limit = LOW_RULES[name]([...prices.values()].sort((a, b) => a - b), low, ceiling);
    for (const [bidder, price] of prices) if (limit(price)) found.add(bidder);
  }
  return sortedCodes(found);
}

/* ---- auctions (market/bidding/auction.py) ---- */

class Refused extends Error {
  constructor(reason, stamp = null) {
    super(reason);
    this.reason = reason;
    this.stamp = stamp;
  }
}

const TERMS = { rounds: 3, first_pause: 300, pause: 120, turn: 120, length: 900, extension: 120 };
const rankedBids = (bids) => [...bids].sort((a, b) => a.price - b.price || a.stamp - b.stamp || byCode(a.bidder, b.bidder));

function stages(bidders, terms) {
  let at = 0;
  const plan = [];
  for (let round = 1; round <= terms.rounds; round++) {
    plan.push({ at, kind: "pause", round });
    at += round === 1 ? terms.first_pause : terms.pause;
    for (let turn = 1; turn <= bidders; turn++) {
      plan.push({ at, kind: "bids", round, turn });
      at += terms.turn;
    }
  }
  return [...plan, { at, kind: "pre_announcement" }, { at: at + terms.pause, kind: "announcement" }];
}

function checkMove(price, before, step) {
  if (price <= 0) throw new Refused("too_low");
  if (price > before - step) throw new Refused("too_high");
}

function inRounds(terms, bids) {
  const plan = stages(bids.size, terms);
  let round = 0, order = [];
  return (move) => {
    const stage = plan.filter((one) => one.at <= move.at).at(-1);
    if (!stage || stage.kind !== "bids") throw new Refused("not_bidding");
    if (stage.round !== round) {
      round = stage.round;
      order = rankedBids(bids.values()).reverse().map((bid) => bid.bidder);
    }
    if (!bids.has(move.bidder)) throw new Refused("unknown");
    if (order[stage.turn - 1] !== move.bidder) throw new Refused("not_your_turn");
    checkMove(move.price, bids.get(move.bidder).price, terms.step);
  };
}

function softClose(terms, bids) {
  let ends = terms.length;
  return (move) => {
    if (!(move.at >= 0 && move.at < ends)) throw new Refused("not_bidding");
    if (!bids.has(move.bidder)) throw new Refused("unknown");
    const best = rankedBids(bids.values())[0];
    if (best.bidder === move.bidder) throw new Refused("leading");
    checkMove(move.price, best.price, terms.step);
    ends = Math.max(ends, move.at + terms.extension);
  };
}

function replayed(variant, rules, opening, runs) {
  const terms = { ...TERMS, step: need(rules, "step") };
  for (const name of Object.keys(TERMS)) if (Object.hasOwn(rules, name)) terms[name] = rules[name];
  const start = { rounds: inRounds, soft_close: softClose }[variant];
  if (!start) throw new Error(`there is no auction ${variant}`);
  const bids = new Map(opening.map((bid) => [bid.bidder, bid]));
  for (const moves of runs) {
    const check = start(terms, bids);
    for (const move of [...moves].sort((a, b) => a.stamp - b.stamp)) {
      try {
        check(move);
      } catch (error) {
        throw error instanceof Refused ? new Refused(error.reason, move.stamp) : error;
      }
      bids.set(move.bidder, { bidder: move.bidder, price: move.price, stamp: move.stamp });
    }
  }
  return rankedBids(bids.values());
}

/* ---- methods (market/bidding: ties.py, methods.py) ---- */

const needsPrice = (method, rules) => !["draw", "merit_draw"].includes(method) || Boolean(own(rules, "priced"));
const needsQuality = (method, rules) =>
  method === "merit_draw" || Boolean(own(rules, "quality_points")) || (own(rules, "line") ?? null) !== null;

function voidReason(bid, { method, rules, ceiling }) {
  if (needsQuality(method, rules)) {
    if (bid.quality === null) return "no_quality";
    if (bid.quality < (own(rules, "line") || 0)) return "below_line";
  }
  if (bid.price === null) return needsPrice(method, rules) ? "no_price" : "";
  return ceiling !== null && bid.price > ceiling ? "over_ceiling" : "";
}

function outcomeOf(given) {
  const early = ["auction", "draw", "merit_draw"].includes(given.method) ? new Map() : given.late;
  const aside = new Map([...early, ...given.aside]), bids = [];
  for (const bid of [...given.bids].sort((a, b) => byCode(a.bidder, b.bidder))) {
    if (aside.has(bid.bidder)) continue;
    const reason = voidReason(bid, given);
    if (reason) aside.set(bid.bidder, reason);
    else bids.push(bid);
  }
  if (!Object.hasOwn(METHODS, given.method)) throw new Error(`there is no method ${given.method}`);
  return METHODS[given.method]({ ...given, bids, aside });
}

function finished(given, ranking, { aside = given.aside, order = [], seeds = [], low = [], lines = [] } = {}) {
  const left = ranking.filter((place) => !given.late.has(place.bidder));
  const reason = !left.length ? "none_valid" : left.length < given.minimum ? "too_few" : "";
  return {
    method: given.method,
    ranking: left,
    winner: reason ? null : left[0].bidder,
    reason,
    set_aside: Object.fromEntries([...given.late, ...aside]),
    order, seeds, low, lines,
  };
}

const placeOf = (bid, points = null) => ({ bidder: bid.bidder, price: bid.price, quality: bid.quality, points });
const seedOf = (given, entries, label) => seedLine(given.tender, entriesHash(entries), given.chance.entropies, given.chance.beacon, label);

function ranked(given, standings) {
  const merit = (a, b) => b.score.compare(a.score) || a.price - b.price || b.quality - a.quality || a.index - b.index;
  const sorted = [...standings].sort(merit), order = [], seeds = [];
  for (let at = 0; at < sorted.length; ) {
    const group = sorted.filter((one) => merit(one, sorted[at]) === 0);
    let codes = sortedCodes(group.map((one) => one.bidder));
    if (codes.length > 1) {
      seeds.push(seedOf(given, codes.map((id) => ({ id })), "tie"));
      codes = drawn(seeds.at(-1), codes);
    }
    order.push(...codes);
    at += group.length;
  }
  return { order, seeds };
}

const lowOf = (given, bids) => (bids.length ? flagged(new Map(bids.map((bid) => [bid.bidder, bid.price])), given.low, given.ceiling) : []);

function byPrice(given, bids, byIndex) {
  const standings = bids.map((bid) => ({
    bidder: bid.bidder, score: new Fraction(0), price: bid.price, quality: bid.quality || 0, index: byIndex ? bid.index : 0,
  }));
  const { order, seeds } = ranked(given, standings), found = new Map(bids.map((bid) => [bid.bidder, bid]));
  const ranking = order.map((code) => placeOf(found.get(code)));
  return finished(given, ranking, { seeds, lines: ranking.map((place) => `${place.bidder}: ${place.price}`), low: lowOf(given, bids) });
}

function draw(given) {
  const bids = new Map(given.bids.map((bid) => [bid.bidder, bid])), seed = seedOf(given, given.pool);
  const order = drawn(seed, given.pool.map((entry) => entry.id));
  return finished(given, order.filter((code) => bids.has(code)).map((code) => placeOf(bids.get(code))), { order, seeds: [seed], lines: [`${seed},i`] });
}

function bestValue(given) {
  const offers = given.bids.map((bid) => ({ bidder: bid.bidder, price: bid.price || 0, quality: bid.quality || 0 }));
  const points = scored(offers, given.rules, given.ceiling), bids = new Map(given.bids.map((bid) => [bid.bidder, bid]));
  const { order, seeds } = ranked(given, offers.map((one) => ({ ...one, score: points.get(one.bidder).total, index: 0 })));
  const lines = order.map((code) => {
    const { price, quality, total } = points.get(code);
    return `${code}: ${price} + ${quality} = ${total} = ${shown(total)}`;
  });
  return finished(given, order.map((code) => placeOf(bids.get(code), String(points.get(code).total))), { seeds, lines, low: lowOf(given, given.bids) });
}

const METHODS = {
  direct(given) {
    const invited = need(given.rules, "vendor"), kept = given.bids.filter((bid) => bid.bidder === invited);
    const others = given.bids.filter((bid) => bid.bidder !== invited).map((bid) => [bid.bidder, "not_invited"]);
    return finished(given, kept.map((bid) => ({ ...placeOf(bid), quality: null })), { aside: new Map([...others, ...given.aside]) });
  },
  draw,
  lowest: (given) => byPrice(given, given.bids, false),
  best_value: bestValue,
  auction(given) {
    if (!given.bids.length) return finished(given, []);
    const opening = given.bids.map((bid) => ({ bidder: bid.bidder, price: bid.price || 0, stamp: bid.index }));
    const final = replayed(need(given.rules, "variant"), given.rules, opening, given.runs);
    return byPrice(given, final.map((bid) => ({ bidder: bid.bidder, price: bid.price, quality: null, index: bid.stamp })), true);
  },
  merit_draw: draw,
  benchmark: bestValue,
};

/* ---- what the envelopes and leaves say (market/bidding/bundle_contents.py) ---- */

class Uncertain extends Error {
  constructor(what, index = null) {
    super(what);
    this.index = index;
  }
}

const RECEIVED = "envelope.received";
const told = (document) => document.leaves.map((one) => [one.index, one.leaf]);

class Contents {
  constructor(document) {
    this.notice = document.notice;
    this.leaves = told(document).filter(([, leaf]) => leaf.event !== RECEIVED);
    this.pool = document.pool;
    this.scores = document.scores;
    this.randomness = document.beacon === null ? null : sha256Hex(fromHex(document.beacon.signature));
    this.reveals = new Map(document.reveals.map((one) => [one.digest, { bid: one.bid, nonce: fromHex(one.nonce) }]));
    const two = Object.hasOwn(this.notice.keys, "technical");
    this.firstPart = two ? "technical" : "bids";
    this.lastSet = two ? "price" : "bids";
    const arrived = new Map();
    for (const [index, leaf] of told(document)) if (leaf.event === RECEIVED && !arrived.has(leaf.digest)) arrived.set(leaf.digest, index);
    this.counted = new Map();
    const received = document.envelopes.map(({ salt, envelope }) => {
      const name = digestOf({ salt, envelope });
      return { envelope, digest: name, index: arrived.get(name) };
    });
    for (const one of received.sort((a, b) => a.index - b.index)) {
      if (one.envelope.tender === this.notice.tender) this.counted.set(placeName(one.envelope.bidder, one.envelope.part), one);
    }
    const parts = [...this.counted.values()].filter((one) => one.envelope.part === this.firstPart);
    this.bidders = sortedCodes(parts.map((one) => one.envelope.bidder));
    this.keys = new Map(Object.keys(this.notice.keys).map((name) => [name, new Map()]));
    for (const [, leaf] of this.of("key.published")) {
      (own(this.notice.keys, leaf.set) || []).forEach((one, at) => {
        const held = this.keys.get(leaf.set);
        if (one.holder === leaf.holder && !held.has(at + 1)) held.set(at + 1, fromHex(leaf.key));
      });
    }
  }

  /* Opens everything once; the rest asks no more of the browser's cryptography. */
  async opening() {
    this.opened = new Map();
    for (const [name, one] of this.counted) {
      try {
        this.opened.set(name, await this.openedOne(one));
      } catch (error) {
        if (!(error instanceof Unopened)) throw error;
        this.opened.set(name, error);
      }
    }
    this.publicKeys = new Map();
    for (const [index, leaf] of this.of("key.published")) this.publicKeys.set(index, hexOf(await publicKey(fromHex(leaf.key))));
    return this;
  }

  async openedOne({ envelope, digest: name }) {
    const set = this.setOf(envelope.part);
    const wanted = set === null ? [] : pairs(this.notice.keys[set].length);
    if (set === null || canonical(Object.keys(envelope.boxes).sort()) !== canonical(wanted.sort())) throw new Unopened("part");
    if (!(await isSigned(envelope))) throw new Unopened("unsigned");
    const keys = this.keys.get(set);
    const inside = keys.size < 2 && this.reveals.has(name) ? this.reveals.get(name) : await opened(envelope, keys);
    if (own(inside.bid, "part") !== envelope.part) throw new Unopened("part");
    return inside;
  }

  of(event) {
    return this.leaves.filter(([, leaf]) => leaf.event === event);
  }

  setOf(part) {
    if (part === "entropy") return this.lastSet;
    return Object.hasOwn(this.notice.keys, part) ? part : null;
  }

  inside(bidder, part) {
    return this.opened.get(placeName(bidder, part));
  }

  excluded(late) {
    const frozen = this.of("pool.frozen").map(([index]) => index).sort((a, b) => a - b)[0];
    return new Map(this.of("bidder.excluded").filter(([index]) => index > frozen === late).map(([, leaf]) => [leaf.bidder, leaf.reason]));
  }

  expectedPool() {
    const out = this.excluded(false);
    const line = this.notice.method === "merit_draw" ? own(this.notice.rules, "line") ?? null : null;
    const marks = line === null ? new Map() : this.quality();
    return this.bidders
      .filter((bidder) => !out.has(bidder) && (line === null || (marks.get(bidder) ?? -1) >= line))
      .map((bidder) => ({ id: bidder, key: this.counted.get(placeName(bidder, this.firstPart)).envelope.key }));
  }

  quality() {
    if (this.scores === null) return new Map();
    const totals = new Map(), experts = new Set(this.scores.experts);
    for (const mark of this.scores.marks) {
      if (!totals.has(mark.bidder)) totals.set(mark.bidder, new Map());
      const given = totals.get(mark.bidder);
      if (given.has(mark.expert) || !experts.has(mark.expert)) throw new Uncertain("an expert is unknown or marked a bid twice");
      given.set(mark.expert, mark.marks.reduce((a, b) => a + b, 0));
    }
    if ([...totals.values()].some((given) => given.size !== experts.size)) throw new Uncertain("an expert did not mark a bid");
    const trimmed = Boolean(own(this.notice.rules, "trimmed"));
    return new Map([...totals].map(([bidder, given]) => [bidder, qualityOf([...given.values()], trimmed)]));
  }

  chance() {
    const found = [...this.counted].sort(([, a], [, b]) => a.index - b.index).flatMap(([name, one]) => {
      const inside = this.opened.get(name);
      if (this.setOf(one.envelope.part) !== this.lastSet || inside instanceof Unopened) return [];
      const text = own(inside.bid, "entropy");
      return KINDS.hash(text) ? [fromHex(text)] : [];
    });
    const named = this.notice.draw;
    const beacon = named.chain === "none" ? ["none", 0, "-"] : [named.chain, named.round, this.randomness || "-"];
    return { entropies: sha256Hex(joined(...found)), beacon };
  }

  unusable(bidder) {
    for (const part of new Set([this.firstPart, this.lastSet])) {
      const inside = this.inside(bidder, part);
      if (inside === undefined) return "one_envelope";
      if (inside instanceof Unopened) return `unopened:${inside.reason}`;
      if (truthy(own(inside.bid, "withdrawn"))) return "withdrawn";
    }
    return "";
  }

  given(late) {
    const aside = this.excluded(false), marks = this.quality();
    let bids = [];
    for (const bidder of this.bidders) {
      if (aside.has(bidder)) continue;
      const reason = this.unusable(bidder);
      if (reason) {
        aside.set(bidder, reason);
        continue;
      }
      const price = own(this.inside(bidder, this.lastSet).bid, "price");
      const { index } = this.counted.get(placeName(bidder, this.lastSet));
      bids.push({ bidder, price: KINDS.number(price) ? price : null, quality: marks.get(bidder) ?? null, index });
    }
    if ([...this.opened.values()].some((inside) => inside instanceof Unopened && inside.reason === "keys")) {
      for (const bid of bids) aside.set(bid.bidder, "unopened:keys");
      bids = [];
    }
    const { tender, method, rules, ceiling, minimum, low } = this.notice;
    return {
      tender, method, rules, ceiling, minimum, low, bids, aside,
      pool: this.pool, chance: this.chance(), runs: this.runs(), late: late ? this.excluded(true) : new Map(),
    };
  }

  runs() {
    const aliases = new Map();
    for (const [name, inside] of this.opened) {
      const { bidder, part } = this.counted.get(name).envelope;
      if (part === this.lastSet && !(inside instanceof Unopened)) {
        aliases.set(sha256Hex(framed("wm/auction/alias/v1", this.notice.tender, bidder, inside.nonce)).slice(0, 8), bidder);
      }
    }
    const runs = [];
    let starts = 0;
    for (const [index, leaf] of this.leaves) {
      if (leaf.event === "auction.scheduled") {
        starts = secondsOf(leaf.starts);
        runs.push([]);
      } else if (leaf.event === "auction.moved") {
        if (!runs.length) throw new Uncertain("it comes before the auction", index);
        if (!aliases.has(leaf.alias)) throw new Uncertain("no bidder has this alias", index);
        runs.at(-1).push({ bidder: aliases.get(leaf.alias), price: leaf.price, at: secondsOf(leaf.at) - starts, stamp: index });
      }
    }
    return runs;
  }
}

const placeName = (bidder, part) => JSON.stringify([bidder, part]);
/* What Python takes for true, among the values of JSON. */
const truthy = (value) => Boolean(value) && !(Array.isArray(value) && !value.length) && !(isObject(value) && !Object.keys(value).length);

/* ---- every part is bound to the record (market/bidding/bundle_binding.py) ---- */

const GRACE = 60;
export const READ = {
  "tender.published": ["notice"],
  "tender.amended": ["notice"],
  "tender.closed": ["digests"],
  "key.published": ["set", "holder", "key"],
  "scores.locked": ["scores"],
  "bidder.excluded": ["bidder", "reason"],
  "pool.frozen": ["entries_hash", "size"],
  "auction.scheduled": ["starts"],
  "auction.moved": ["alias", "price", "at"],
  "draw.held": ["entropies", "chain", "round", "randomness"],
  "award.proposed": ["winner", "price", "outcome"],
  "tender.failed": ["reason", "outcome"],
  "award.withdrawn": ["bidder", "reason"],
};
const FIELDS = {
  notice: "hash", set: "text", holder: "text", key: "hash", scores: "hash", bidder: "text", reason: "text", entries_hash: "hash",
  size: "number", starts: "time", alias: "text", at: "time", entropies: "hash", chain: "text", round: "number",
  randomness: "text", winner: "text", outcome: "hash",
};

async function checkpointsOf(document, policy, found) {
  const read = [];
  for (const [at, one] of document.checkpoints.entries()) {
    try {
      read.push(await readCheckpoint(one.note, policy));
    } catch {
      read.push(null);
      found.push([`checkpoint ${at + 1}`, "it is not signed as the policy asks"]);
    }
  }
  if (!read.length) found.push(["checkpoints", "there is none"]);
  const last = read.at(-1);
  let before = 0;
  read.forEach((checkpoint, at) => {
    if (!checkpoint || !last) return;
    if (checkpoint.size <= before) found.push([`checkpoint ${at + 1}`, "it is not larger than the one before"]);
    before = checkpoint.size;
    const proof = document.checkpoints[at].proof.map(fromHex);
    if (checkpoint.origin !== last.origin || !consistent(checkpoint.size, last.size, checkpoint.root, last.root, proof)) {
      found.push([`checkpoint ${at + 1}`, "its tree is not the beginning of the last one's"]);
    }
  });
  return read;
}

function checkLeaves(document, last, found) {
  let before = -1;
  for (const { index, leaf, proof } of document.leaves) {
    const name = `leaf ${index}`;
    if (index <= before) found.push([name, "it does not come after the one before"]);
    before = index;
    if (!includes(index, last.size, leafHash(canonicalBytes(leaf)), proof.map(fromHex), last.root)) {
      found.push([name, "its proof does not lead to the last checkpoint"]);
    } else if (!isOurs(leaf, document.tender)) {
      found.push([name, "it is not of this tender, or lacks what it must say"]);
    }
  }
}

function isOurs(leaf, tender) {
  const event = own(leaf, "event");
  if (event === RECEIVED) return KINDS.hash(own(leaf, "digest"));
  if (!isText(event) || own(leaf, "tender") !== tender) return false;
  return (own(READ, event) || []).every((name) => {
    const value = own(leaf, name);
    if (name === "digests") return Array.isArray(value) && value.every(KINDS.hash);
    if (name === "price") return KINDS.number(value) || (value === null && event === "award.proposed");
    return KINDS[FIELDS[name]](value);
  });
}

const seenBy = (checkpoint, policy, limit) => {
  const at = satisfiedAt(policy, checkpoint.cosigned);
  return at !== null && at <= limit;
};

function checkParts(document, policy, checkpoints, found) {
  const leaves = told(document), closings = leaves.filter(([, leaf]) => leaf.event === "tender.closed");
  if (closings.length !== 1) {
    found.push(["closing", "there is not exactly one leaf tender.closed"]);
    return;
  }
  const [[closing, { digests: listed }]] = closings;
  const notices = leaves.filter(([index, leaf]) => ["tender.published", "tender.amended"].includes(leaf.event) && index < closing);
  if (document.notice.tender !== document.tender) found.push(["notice", "it is of another tender"]);
  if (!notices.length || notices.at(-1)[1].notice !== digest(document.notice)) found.push(["notice", "it is not the one that its leaf digests"]);
  checkEnvelopes(document, policy, checkpoints, listed, leaves, found);
  const locked = leaves.filter(([, leaf]) => leaf.event === "scores.locked").map(([, leaf]) => leaf.scores);
  const wanted = document.scores === null ? [] : [digest(document.scores)];
  if (canonical(locked) !== canonical(wanted)) found.push(["scores", "it is not what the leaf scores.locked digests"]);
  const frozen = leaves.filter(([, leaf]) => leaf.event === "pool.frozen").map(([, leaf]) => leaf);
  if (frozen.length !== 1 || !isPool(document.pool, frozen[0])) found.push(["pool", "it is not the one that the leaf pool.frozen digests"]);
  const ends = leaves.filter(([, leaf]) => ["award.proposed", "tender.failed"].includes(leaf.event));
  if (!ends.length || ends.at(-1)[1].outcome !== digest(document.outcome)) found.push(["outcome", "it is not the one that the award digests"]);
  const held = leaves.filter(([, leaf]) => leaf.event === "draw.held").map(([, leaf]) => leaf), given = document.beacon;
  if (held.length > 1) found.push(["draw", "there is more than one leaf draw.held"]);
  const randomness = given === null ? "-" : sha256Hex(fromHex(given.signature));
  if ((given !== null && !held.length) || held.some((leaf) => leaf.randomness !== randomness)) {
    found.push(["beacon", "it does not give the randomness of the leaf draw.held"]);
  }
}

function checkEnvelopes(document, policy, checkpoints, listed, leaves, found) {
  if (!strictlySorted(listed)) found.push(["closing", "its digests are not sorted, each once"]);
  const { envelopes, reveals } = document, names = envelopes.map(digestOf);
  if (envelopes.length !== listed.length) found.push(["envelopes", `the file holds ${envelopes.length}, the closing leaf lists ${listed.length}`]);
  names.slice(0, listed.length).forEach((name, at) => {
    if (name !== listed[at]) found.push([`envelope ${at + 1}`, "it is not the one that the closing leaf lists there"]);
  });
  const known = new Set(listed), limit = secondsOf(document.notice.closes) + GRACE, arrived = new Map();
  const seen = Math.max(0, ...checkpoints.filter((one) => seenBy(one, policy, limit)).map((one) => one.size));
  for (const [index, leaf] of leaves) {
    if (leaf.event !== RECEIVED) continue;
    if (!known.has(leaf.digest)) found.push([`leaf ${index}`, "the closing leaf does not list its envelope"]);
    if (!arrived.has(leaf.digest)) arrived.set(leaf.digest, index);
  }
  for (const name of listed) {
    if (!arrived.has(name)) found.push([`envelope ${name.slice(0, 16)}`, "no leaf shows when it was received"]);
    else if (arrived.get(name) >= seen) found.push([`envelope ${name.slice(0, 16)}`, "no checkpoint that the witnesses saw in time holds it"]);
  }
  const byName = new Map(envelopes.map((one, at) => [names[at], one.envelope]));
  reveals.forEach((reveal, at) => {
    const envelope = byName.get(reveal.digest);
    try {
      if (!envelope) throw new Unopened("ids");
      committed(envelope, fromHex(reveal.nonce), canonicalBytes(reveal.bid));
    } catch {
      found.push([`reveal ${at + 1}`, "it is not the bid that its envelope commits to"]);
    }
  });
  if (!strictlySorted(reveals.map((one) => one.digest))) found.push(["reveals", "they are not sorted, each once"]);
}

const isPool = (pool, frozen) =>
  strictlySorted(pool.map((entry) => entry.id)) && frozen.size === pool.length && frozen.entries_hash === entriesHash(pool);

/* ---- everything follows (market/bidding/bundle_verifier.py) ---- */

const FROM_THE_START = ["tender.published", "tender.amended", "tender.closed"];

function checkOrder(document, contents, found) {
  const leaves = told(document);
  const [published] = leaves.find(([, leaf]) => ["tender.published", "tender.amended"].includes(leaf.event));
  const [[closing]] = contents.of("tender.closed"), [[frozen]] = contents.of("pool.frozen");
  const firstKey = contents.of("key.published").filter(([, leaf]) => leaf.set === contents.lastSet).map(([index]) => index)[0];
  for (const [index, leaf] of leaves) {
    const { event } = leaf;
    let fault = "";
    if (index < published) fault = "it comes before the notice";
    else if (["tender.amended", RECEIVED].includes(event) && index > closing) fault = "it comes after the closing";
    else if (Object.hasOwn(READ, event) && !FROM_THE_START.includes(event) && index < closing) fault = "it comes before the closing";
    else if (event === "pool.frozen" && firstKey !== undefined && index > firstKey) fault = "the pool was frozen when the seed could be known";
    else if (event === "bidder.excluded" && index > frozen && leaf.reason !== "low_price") fault = "somebody was excluded after the pool was frozen";
    if (fault) found.push([`leaf ${index}`, fault]);
  }
}

function checkKeys(contents, found) {
  const locked = contents.of("scores.locked").map(([index]) => index)[0], published = new Set();
  const marked = needsQuality(contents.notice.method, contents.notice.rules);
  for (const [index, leaf] of contents.of("key.published")) {
    const named = new Map((own(contents.notice.keys, leaf.set) || []).map((one) => [one.holder, one.key]));
    if (named.get(leaf.holder) !== contents.publicKeys.get(index)) found.push([`leaf ${index}`, "it is not the key that the notice names"]);
    const name = placeName(leaf.set, leaf.holder);
    if (published.has(name)) found.push([`leaf ${index}`, "the key was published before"]);
    published.add(name);
    if (leaf.set === "price" && marked && (locked === undefined || index < locked)) {
      found.push([`leaf ${index}`, "a key to the prices was published before the marks were locked"]);
    }
  }
  if (contents.reveals.size && contents.keys.get(contents.lastSet).size >= 2) {
    found.push(["reveals", "nobody needs to reveal a bid when the holders' keys are there"]);
  }
}

/* A chain that was shut down and whose key may be anybody's. */
const ENDED = ["dbd506d6ef76e5f386f41c651dcb808c5bcbd75471cc4eafa3f4df7ad4e4c493"];

function checkBeacon(document, contents, policy, checkpoints, found) {
  const named = contents.notice.draw, held = contents.of("draw.held");
  for (const [index, leaf] of held) {
    if (leaf.chain !== named.chain || leaf.round !== named.round) found.push([`leaf ${index}`, "it is not the round that the notice names"]);
    if (leaf.entropies !== contents.chance().entropies) found.push([`leaf ${index}`, "its entropies are not those of the envelopes"]);
  }
  if (document.beacon === null) {
    if (held.length && named.chain !== "none") found.push(["beacon", "the notice names a round and the file holds none"]);
    return;
  }
  const chain = policy.beacons.find((one) => one.chain === named.chain);
  if (!chain || ENDED.includes(chain.chain)) {
    found.push(["beacon", "the policy names no such chain"]);
    return;
  }
  const [[frozen]] = contents.of("pool.frozen");
  const before = Number(chain.genesis) + (named.round - 1) * Number(chain.period) - 1;
  if (!checkpoints.some((one) => one.size > frozen && seenBy(one, policy, before))) {
    found.push(["beacon", "no checkpoint with the frozen pool was seen before its round"]);
  }
}

function nextWinner(ranking, withdrawn) {
  return ranking.find((code) => !withdrawn.includes(code)) ?? null;
}

function checkResult(document, contents, found) {
  if (canonical(contents.pool) !== canonical(contents.expectedPool())) {
    found.push(["pool", "it is not everybody who took part and was not excluded"]);
    return;
  }
  const late = contents.excluded(true);
  if (late.size) {
    const before = outcomeOf(contents.given(false));
    for (const [index, leaf] of contents.of("bidder.excluded")) {
      if (!late.has(leaf.bidder) || leaf.reason !== "low_price") continue;
      if (!before.low.includes(leaf.bidder)) found.push([`leaf ${index}`, "its price was not low under the notice's rule"]);
      else if (before.ranking.length < 5) found.push([`leaf ${index}`, "a low price excludes nobody among fewer than five bids"]);
    }
  }
  const outcome = outcomeOf(contents.given(true));
  if (canonical(outcome) !== canonical(document.outcome)) found.push(["outcome", "it does not follow from the bids"]);
  if (outcome.seeds.length && !contents.of("draw.held").length) found.push(["draw", "no leaf shows what its seed is made of"]);
  const ranking = outcome.reason ? [] : outcome.ranking.map((place) => place.bidder);
  const prices = new Map(outcome.ranking.map((place) => [place.bidder, place.price]));
  for (const [index, leaf] of contents.of("award.proposed")) {
    if (late.has(leaf.winner)) continue;
    const withdrawn = contents.of("award.withdrawn").filter(([number]) => number < index).map(([, one]) => one.bidder);
    if (leaf.winner !== nextWinner(ranking, withdrawn) || leaf.price !== (prices.get(leaf.winner) ?? null)) {
      found.push([`leaf ${index}`, "the award does not follow the ranking"]);
    }
  }
  for (const [index] of contents.of("tender.failed")) {
    const withdrawn = contents.of("award.withdrawn").filter(([number]) => number < index).map(([, one]) => one.bidder);
    if (nextWinner(ranking, withdrawn) !== null) found.push([`leaf ${index}`, "it failed although somebody is left in the ranking"]);
  }
}

function tried(check, found) {
  try {
    check();
  } catch (error) {
    if (error instanceof Uncertain) found.push([error.index === null ? "outcome" : `leaf ${error.index}`, error.message]);
    else if (error instanceof Refused) found.push([`leaf ${error.stamp}`, `the move breaks a rule: ${error.reason}`]);
    else found.push(["outcome", "it cannot be derived: the notice lacks what its method needs"]);
  }
}

async function findings(bytes, policy) {
  let document;
  try {
    document = readBundle(bytes);
  } catch (error) {
    if (!(error instanceof Misshapen)) throw error;
    return [["file", error.message]];
  }
  const found = [], checkpoints = await checkpointsOf(document, policy, found);
  if (checkpoints.at(-1)) checkLeaves(document, checkpoints.at(-1), found);
  if (!found.length) checkParts(document, policy, checkpoints, found);
  if (found.length) return found;
  const contents = await new Contents(document).opening();
  checkOrder(document, contents, found);
  checkKeys(contents, found);
  checkBeacon(document, contents, policy, checkpoints, found);
  tried(() => checkResult(document, contents, found), found);
  return found;
}

/* One line per finding for the bytes of a bundle under the text of a policy (its JSON form); none when everything follows. */
export async function verify(bytes, policyText) {
  return (await findings(bytes, readPolicy(policyText))).map(([part, message]) => `${part}: ${message}`);
}

/* ---- receipts (market/record/tlog_proof.py) ---- */

const RECEIPT = "c2sp.org/tlog-proof@v1";

/* What a receipt shows: {lines, leaf, index, size}; no line when its leaf is in the record as the policy asks, and when the envelope
   that it carries, if any, is the one whose fingerprint the leaf holds. */
export async function verifyReceipt(text, policyText) {
  const cut = text.indexOf("\n\n"), rows = text.slice(0, cut).split("\n");
  if (cut < 0 || rows.shift() !== RECEIPT) return { lines: [`receipt: its first line is not ${RECEIPT}`] };
  try {
    const extra = rows[0]?.startsWith("extra ") ? parsed(fromBase64(rows.shift().slice(6))) : {};
    const found = /^index (0|[1-9]\d{0,15})$/.exec(rows.shift() || "");
    if (!found || !isObject(own(extra, "leaf"))) return { lines: ["receipt: it names no leaf and index"] };
    const index = Number(found[1]), proof = rows.map(fromBase64), { leaf } = extra;
    const checkpoint = await readCheckpoint(text.slice(cut + 2), readPolicy(policyText)).catch(() => null);
    if (!checkpoint) return { lines: ["checkpoint: it is not signed as the policy asks"], leaf, index };
    const lines = [];
    if (!includes(index, checkpoint.size, leafHash(canonicalBytes(leaf)), proof, checkpoint.root)) {
      lines.push(`leaf ${index}: its proof does not lead to the checkpoint`);
    }
    if (isText(own(extra, "envelope")) && own(leaf, "digest") !== envelopeDigest(fromHex(String(own(extra, "salt"))), bytesOf(extra.envelope))) {
      lines.push("envelope: it is not the one whose fingerprint the leaf holds");
    }
    return { lines, leaf, index, size: checkpoint.size };
  } catch {
    return { lines: ["receipt: a line of it is damaged"] };
  }
}

/* ---- the page "check it yourself" ----
   A part [data-verify] has a file field [data-verify-file] (a bundle or a receipt), the policy in [data-verify-policy] (a file field, or
   any element with the text), a list [data-verify-lines] and the parts [data-verify-sound] and [data-verify-wrong], one of which is
   shown. Nothing is sent. */

async function textOf(field) {
  if (field.files) return field.files.length ? field.files[0].text() : null;
  return field.value ?? field.textContent;
}

async function check(part) {
  const [file] = part.querySelector("[data-verify-file]").files, policy = await textOf(part.querySelector("[data-verify-policy]"));
  if (!file || policy === null) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  let lines;
  try {
    const isReceipt = same(bytes.slice(0, RECEIPT.length), bytesOf(RECEIPT));
    lines = isReceipt ? (await verifyReceipt(new TextDecoder().decode(bytes), policy)).lines : await verify(bytes, policy);
  } catch {
    lines = ["policy: it cannot be read; take its JSON form"];
  }
  part.querySelector("[data-verify-lines]").replaceChildren(...lines.map((line) => {
    const item = part.ownerDocument.createElement("li");
    item.textContent = line;
    return item;
  }));
  part.querySelector("[data-verify-sound]").hidden = lines.length > 0;
  part.querySelector("[data-verify-wrong]").hidden = lines.length === 0;
  part.dataset.verified = String(lines.length);
}

export function start(root) {
  root.querySelectorAll("[data-verify]").forEach((part) => part.addEventListener("change", () => check(part)));
}
