"""Settings: the only reader of the environment inside market/ and search/.

Every setting is named here once, with its default and what it means; `load` names everything that is missing or wrong at
once. A secret may also be given as NAME_FILE (a file with the value, as container platforms hand them over). In practice mode
secrets that nobody gave are made once in the folder WEST_MARKET_SECRETS; in production they must be given.
"""

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: where a reverse proxy usually stands
PRIVATE = "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
#: the League of Entropy's chain `quicknet`: name, chain hash, public key, period (seconds), genesis (Unix second)
QUICKNET = (
    "quicknet 52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971 "
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a "
    "3 1692803367"
)


class SettingsError(Exception):
    """The environment lacks or garbles settings; the text names all of them with what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process. Times in seconds, sizes in bytes."""

    #: practice: invented data, practice bank and registry, a clock that can be moved. production: none of these.
    mode: str
    database_url: str
    redis_url: str
    elasticsearch_url: str
    #: signs cookies, links and form tokens
    secret_key: str
    #: key id -> 32 bytes; the first encrypts personal data, the others still decrypt
    data_keys: Mapping[str, bytes]
    #: keyed hashes beside encrypted numbers (uniqueness, exact search)
    lookup_key: bytes
    #: uploaded files, by digest, outside the web root
    files: Path
    #: prefix of index names and job queues, so that several installations can share one engine
    prefix: str
    #: where links in mails lead
    public_url: str
    #: console, or smtp://user:password@host:port
    mail: str
    mail_from: str
    #: how many reverse proxies stand before the application; their headers are believed, nobody else's
    proxies: int
    #: networks from which those proxies connect
    proxy_networks: tuple[str, ...]
    #: the national licence registry, or the practice one
    licence_registry: str
    #: meaning: nearness by the embedded language model in search
    meaning: bool
    upload_limit: int
    #: where documents lie: empty for the folder `files`, or s3://bucket/prefix on an S3-compatible store
    files_url: str
    #: address, region, key and secret of that store
    files_endpoint: str
    files_region: str
    files_key: str
    files_secret: str
    #: the virus scanner: empty for none, tcp://host:port or unix:///path of a clamd
    clamd: str
    #: the city's data hub (empty: none is connected) and the secret that signs requests to it
    data_hub: str
    data_hub_secret: str
    #: the systems of the approving departments (empty: none is connected) and the secret that signs requests to them
    departments: str
    departments_secret: str
    #: a qualified electronic signature service (empty: none is offered) and the secret that signs requests to it
    signature_service: str
    signature_service_secret: str
    #: Stripe: its key (empty: the practice bank), and another address of its API, for tests
    stripe_key: str
    stripe_api: str
    #: the practice bank, which moves no real money (empty: none), and the key of its programs' part
    practice_bank: str
    practice_bank_key: str
    #: the market's bank account for transfers, as invoices name it: payee, bank, number
    escrow_account: str
    #: the gateway of text messages (empty: none; practice mode keeps them beside the mails) and its token
    sms_url: str
    sms_token: str
    session_days: int
    hotline: str
    #: the public record: the Ed25519 key that signs checkpoints (32 bytes), and the log's name (empty in practice mode: made up)
    record_key: bytes = field(repr=False)
    record_origin: str
    #: witnesses as `name vkey address`, and how many of them make a checkpoint valid (0: more than half)
    witnesses: tuple[str, ...]
    witness_quorum: int
    #: file in which the sequencer leaves the log's public key for a witness on the same machine (empty: none)
    record_public: str
    #: beacons of public randomness as `name chain-hash public-key period genesis`
    beacons: tuple[str, ...]
    #: seconds after which a kiosk that nobody touches ends and forgets
    kiosk_idle: int = 90
    #: only in tests: password hashing made cheap
    cheap_passwords: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def practice(self) -> bool:
        """True where everything is invented and labelled so."""
        return self.mode == "practice"


#: every name that `load` reads; compose.yaml is checked against it
NAMES = {
    "WEST_MARKET_MODE": "practice or production (default practice)",
    "DATABASE_URL": "PostgreSQL, postgresql://user:password@host:port/name",
    "REDIS_URL": "Valkey or Redis, redis://host:port/0",
    "ELASTICSEARCH_URL": "Elasticsearch 9, http://host:port",
    "WEST_MARKET_SECRETS": "folder in which practice mode makes and keeps secrets",
    "WEST_MARKET_SECRET_KEY": "secret of at least 32 characters; signs cookies and links",
    "WEST_MARKET_DATA_KEYS": "id:base64 of 32 bytes, several by comma; the first encrypts personal data",
    "WEST_MARKET_LOOKUP_KEY": "base64 of 32 bytes; keyed hashes of identity numbers",
    "WEST_MARKET_FILES": "folder for uploaded files (default var/files)",
    "WEST_MARKET_PREFIX": "prefix of index and queue names (default market)",
    "WEST_MARKET_PUBLIC_URL": "address under which people reach the market",
    "WEST_MARKET_MAIL": "console, or smtp://user:password@host:port",
    "WEST_MARKET_MAIL_FROM": "sender of mails",
    "WEST_MARKET_PROXIES": "number of reverse proxies before the application (default 0)",
    "WEST_MARKET_PROXY_NETWORKS": "addresses or networks of those proxies, by comma (default loopback and private networks)",
    "WEST_MARKET_LICENCE_REGISTRY": "address of the licence registry, or practice",
    "WEST_MARKET_MEANING": "on or off: search by meaning (default on)",
    "WEST_MARKET_UPLOAD_LIMIT": "largest upload in bytes (default 100 MiB)",
    "FILES_URL": "s3://bucket/prefix for documents on an S3-compatible store (default: the folder WEST_MARKET_FILES)",
    "FILES_ENDPOINT": "address of the S3-compatible store, where it is not Amazon's",
    "FILES_REGION": "its region (default us-east-1)",
    "FILES_ACCESS_KEY": "its access key",
    "FILES_SECRET_KEY": "its secret key",
    "CLAMD_URL": "virus scanner: tcp://host:port or unix:///path of a clamd (default: none)",
    "DATA_HUB_URL": "address of the city's data hub (default: none is connected)",
    "DATA_HUB_SECRET": "secret of at least 32 characters that signs requests to the data hub",
    "DEPARTMENTS_URL": "address of the approving departments' systems, which take accepted results (default: none)",
    "DEPARTMENTS_SECRET": "secret of at least 32 characters that signs requests to the departments' systems",
    "SIGNATURE_SERVICE_URL": "address of a qualified electronic signature service (default: none is offered)",
    "SIGNATURE_SERVICE_SECRET": "secret of at least 32 characters that signs requests to the signature service",
    "STRIPE_API_KEY": "secret key of the market's Stripe account (default: the practice bank, or no payments by card)",
    "STRIPE_API_URL": "another address of Stripe's API, for tests against its mock server",
    "PRACTICE_BANK_URL": "address of the practice bank, in practice mode only",
    "PRACTICE_BANK_KEY": "key of at least 32 characters that opens the practice bank's part for programs",
    "SMS_URL": "address of the gateway that sends text messages (default: none; practice mode keeps them beside the mails)",
    "SMS_TOKEN": "token of that gateway",
    "WEST_MARKET_ESCROW_ACCOUNT": "the market's bank account as invoices of public bodies name it: payee, bank, number",
    "WEST_MARKET_RECORD_KEY": "base64 of 32 bytes: the Ed25519 key that signs checkpoints of the public record",
    "WEST_MARKET_RECORD_ORIGIN": "name of the public record, as market.example/record; never changed afterwards",
    "WEST_MARKET_RECORD_PUBLIC": "file in which the sequencer leaves the record's public key (default: none)",
    "WEST_MARKET_WITNESSES": "witnesses of the public record as name vkey address, by comma (default: none)",
    "WEST_MARKET_WITNESS_QUORUM": "how many witnesses must have seen a checkpoint (default: more than half)",
    "WEST_MARKET_BEACONS": "randomness beacons as name chain-hash public-key period genesis, by comma (default: drand quicknet)",
    "WEST_MARKET_SESSION_DAYS": "days until a sign-in ends by itself (default 14)",
    "WEST_MARKET_HOTLINE": "telephone number shown on every page (default 12345)",
    "WEST_MARKET_KIOSK_IDLE": "seconds until an untouched kiosk ends and forgets (default 90)",
    "WEST_MARKET_CHEAP_PASSWORDS": "1 in tests only: fast password hashes",
}


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environ` (default: the process's environment), or `SettingsError` that names all faults at once."""
    env = os.environ if environ is None else environ
    faults: list[str] = []

    def value(name: str, default: str | None = None) -> str:
        given = env.get(name, "").strip()
        if not given and (path := env.get(f"{name}_FILE", "").strip()):
            try:
                given = Path(path).read_text().strip()
            except OSError as error:
                faults.append(f"{name}_FILE: {error.strerror or error}: {path}")
        if given:
            return given
        if default is None:
            faults.append(f"{name} is missing: {NAMES[name]}")
            return ""
        return default

    def number(name: str, default: int) -> int:
        given = value(name, str(default))
        if not given.isascii() or not given.isdigit():
            faults.append(f"{name} must be a whole number, not {given!r}")
            return default
        return int(given)

    mode = value("WEST_MARKET_MODE", "practice")
    if mode not in ("practice", "production"):
        faults.append(f"WEST_MARKET_MODE must be practice or production, not {mode!r}")
    folder = Path(value("WEST_MARKET_SECRETS", str(ROOT / "var" / "secrets")))

    def secret(name: str, make: str) -> str:
        if mode == "practice":
            return value(name, "") or _kept_secret(folder, name.removeprefix("WEST_MARKET_").lower(), make)
        given = value(name)
        if given and len(given) < 32:
            faults.append(f"{name} is too short for production: {NAMES[name]}")
        return given

    secret_key = secret("WEST_MARKET_SECRET_KEY", secrets.token_urlsafe(48))
    data_keys = _keys(secret("WEST_MARKET_DATA_KEYS", f"k1:{_random_key()}"), faults)
    lookup_key = _key("WEST_MARKET_LOOKUP_KEY", secret("WEST_MARKET_LOOKUP_KEY", _random_key()), faults)
    record_key = _key("WEST_MARKET_RECORD_KEY", secret("WEST_MARKET_RECORD_KEY", _random_key()), faults)
    data_hub = value("DATA_HUB_URL", "").rstrip("/")
    practice_bank = value("PRACTICE_BANK_URL", "").rstrip("/")
    departments = value("DEPARTMENTS_URL", "").rstrip("/")
    signature_service = value("SIGNATURE_SERVICE_URL", "").rstrip("/")
    settings = Settings(
        mode=mode,
        database_url=_psycopg(value("DATABASE_URL")),
        redis_url=value("REDIS_URL"),
        elasticsearch_url=value("ELASTICSEARCH_URL"),
        secret_key=secret_key,
        data_keys=data_keys,
        lookup_key=lookup_key,
        files=Path(value("WEST_MARKET_FILES", str(ROOT / "var" / "files"))),
        prefix=value("WEST_MARKET_PREFIX", "market"),
        public_url=value("WEST_MARKET_PUBLIC_URL", "http://localhost:8000").rstrip("/"),
        mail=value("WEST_MARKET_MAIL", "console"),
        mail_from=value("WEST_MARKET_MAIL_FROM", "market@localhost"),
        proxies=number("WEST_MARKET_PROXIES", 0),
        proxy_networks=_networks(value("WEST_MARKET_PROXY_NETWORKS", PRIVATE), faults),
        licence_registry=value("WEST_MARKET_LICENCE_REGISTRY", "practice"),
        meaning=value("WEST_MARKET_MEANING", "on") == "on",
        upload_limit=number("WEST_MARKET_UPLOAD_LIMIT", 100 * 1024 * 1024),
        files_url=value("FILES_URL", ""),
        files_endpoint=value("FILES_ENDPOINT", ""),
        files_region=value("FILES_REGION", "us-east-1"),
        files_key=value("FILES_ACCESS_KEY", ""),
        files_secret=value("FILES_SECRET_KEY", ""),
        clamd=value("CLAMD_URL", ""),
        data_hub=data_hub,
        data_hub_secret=secret("DATA_HUB_SECRET", secrets.token_urlsafe(48)) if data_hub else "",
        departments=departments,
        departments_secret=secret("DEPARTMENTS_SECRET", secrets.token_urlsafe(48)) if departments else "",
        signature_service=signature_service,
        signature_service_secret=secret("SIGNATURE_SERVICE_SECRET", "") if signature_service else "",
        stripe_key=value("STRIPE_API_KEY", ""),
        stripe_api=value("STRIPE_API_URL", "").rstrip("/"),
        practice_bank=practice_bank,
        practice_bank_key=secret("PRACTICE_BANK_KEY", secrets.token_urlsafe(48)) if practice_bank else "",
        sms_url=value("SMS_URL", "").rstrip("/"),
        sms_token=value("SMS_TOKEN", ""),
        escrow_account=value("WEST_MARKET_ESCROW_ACCOUNT", ""),
        session_days=number("WEST_MARKET_SESSION_DAYS", 14),
        hotline=value("WEST_MARKET_HOTLINE", "12345"),
        record_key=record_key,
        record_origin=value("WEST_MARKET_RECORD_ORIGIN", "" if mode == "practice" else None),
        witnesses=_entries(value("WEST_MARKET_WITNESSES", "")),
        witness_quorum=number("WEST_MARKET_WITNESS_QUORUM", 0),
        record_public=value("WEST_MARKET_RECORD_PUBLIC", ""),
        beacons=_entries(value("WEST_MARKET_BEACONS", QUICKNET)),
        kiosk_idle=number("WEST_MARKET_KIOSK_IDLE", 90),
        cheap_passwords=value("WEST_MARKET_CHEAP_PASSWORDS", "0") == "1",
    )
    if settings.files_url and not settings.files_url.startswith("s3://"):
        faults.append("FILES_URL must begin with s3://")
    if settings.clamd and not settings.clamd.startswith(("tcp://", "unix://")):
        faults.append("CLAMD_URL must begin with tcp:// or unix://")
    if settings.sms_url and not settings.sms_token:
        faults.append("SMS_TOKEN is missing: SMS_URL names a gateway")
    if mode == "production":
        if settings.sms_url and not settings.sms_url.startswith("https://"):
            faults.append("SMS_URL must begin with https:// in production: numbers and codes pass there")
        if settings.cheap_passwords:
            faults.append("WEST_MARKET_CHEAP_PASSWORDS is for tests and not allowed in production")
        if settings.mail == "console":
            faults.append("WEST_MARKET_MAIL must name a mail server in production: console sends nothing")
        if settings.practice_bank:
            faults.append("PRACTICE_BANK_URL is for practice mode: set STRIPE_API_KEY in production")
        if settings.licence_registry == "practice":
            faults.append("WEST_MARKET_LICENCE_REGISTRY must name the real registry in production")
    if faults:
        raise SettingsError("The market cannot start:\n  " + "\n  ".join(faults))
    return settings


def _psycopg(url: str) -> str:
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _key(name: str, text: str, faults: list[str]) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if text and len(key) != 32:
        faults.append(f"{name} must be base64 of 32 bytes")
    return key


def _keys(text: str, faults: list[str]) -> dict[str, bytes]:
    keys = {}
    for part in filter(None, text.split(",")):
        name, _, key = part.partition(":")
        keys[name.strip()] = _key("WEST_MARKET_DATA_KEYS", key.strip(), faults)
    return keys


def _entries(text: str) -> tuple[str, ...]:
    """What stands between commas, white space made one space."""
    return tuple(entry for part in text.split(",") if (entry := " ".join(part.split())))


def _networks(text: str, faults: list[str]) -> tuple[str, ...]:
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(str(ip_network(part, strict=False)))
        except ValueError:
            faults.append(f"WEST_MARKET_PROXY_NETWORKS: {part!r} is no address or network")
    return tuple(found)


def _kept_secret(folder: Path, name: str, make: str) -> str:
    """The secret kept in `folder`, made on first use; two processes at once end with the same one."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(make)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
