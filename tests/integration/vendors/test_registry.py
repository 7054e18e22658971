"""The licence registry: the practice server and the data in-process give the same answers, and a registry may be away."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from market.config import ROOT
from market.vendors.registry import Away, Finding, InProcess, OverHttp, Status

ON = date(2026, 3, 4)
DATA = json.loads((ROOT / "practice" / "licences.json").read_text(encoding="utf-8"))
ASKED = [
    *((row["kind"], row["number"]) for row in DATA["licences"]),
    ("测绘资质", "YS-2026-03-04-1"),
    ("测绘资质", "YS-2026-03-03-1"),
    ("测绘资质", "YS-2026-13-03-1"),
    ("测绘资质", "YS-2026-02-30-1"),
    ("测绘资质", "YS-LONG-1"),
    ("测绘资质", "YS-REVOKED-1"),
    ("测绘资质", "no such number"),
    ("测绘资质", "242712050318"),
    ("测绘资质", "&kind=x?#"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The practice registry on a free port."""
    command = [sys.executable, "-m", "practice.licence_registry", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.mark.parametrize(("kind", "number"), ASKED)
def test_server_and_data_in_process_agree(server: str, kind: str, number: str) -> None:
    asked = (kind, number, "91610100MA0000074U", ON)
    assert OverHttp(server).ask(*asked) == InProcess().ask(*asked)


@pytest.mark.parametrize(
    ("number", "holder", "status"),
    [
        ("E161009318", "91610100MA6W2YX00J", Status.VALID),
        ("E161009318", "91610100MA0000074U", Status.OTHER_HOLDER),
        ("E161009318", None, Status.VALID),
    ],
)
def test_the_holder_is_compared(server: str, number: str, holder: str | None, status: Status) -> None:
    for source in (OverHttp(server), InProcess()):
        assert source.ask("工程监理资质", number, holder, ON).status is status


def test_a_licence_is_valid_through_its_last_day() -> None:
    """KF-LST-01."""
    days = (date(2026, 3, 31), date(2026, 4, 1))
    assert [InProcess().ask("x", "YS-2026-03-31-1", None, day).status for day in days] == [Status.VALID, Status.EXPIRED]


def answering(status: int, body: object = None, error: Exception | None = None) -> OverHttp:
    def reply(request: httpx.Request) -> httpx.Response:
        if error:
            raise error
        return httpx.Response(status, content=body if isinstance(body, bytes) else json.dumps(body).encode())

    return OverHttp("http://registry.invalid", transport=httpx.MockTransport(reply))


@pytest.mark.parametrize(
    "source",
    [
        answering(200, error=httpx.ConnectTimeout("slow")),
        answering(200, error=httpx.ReadTimeout("slow")),
        answering(200, error=httpx.ConnectError("nobody")),
        answering(500),
        answering(429),
        answering(302),
        answering(200, b"<html>maintenance</html>"),
        answering(200, []),
        answering(200, {"status": "perhaps"}),
        answering(200, {"valid_to": "2027-01-01"}),
        answering(200, {"status": "valid", "valid_to": "soon"}),
    ],
    ids=lambda source: "",
)
def test_whatever_cannot_be_understood_is_away_and_decides_nothing(source: OverHttp) -> None:
    with pytest.raises(Away):
        source.ask("测绘资质", "1", None, ON)


def test_a_licence_that_is_not_there_is_unknown() -> None:
    assert answering(404).ask("测绘资质", "1", None, ON) == Finding(Status.UNKNOWN)


def test_a_missing_data_file_is_away(tmp_path) -> None:
    with pytest.raises(Away):
        InProcess(tmp_path / "none.json").ask("测绘资质", "1", None, ON)
