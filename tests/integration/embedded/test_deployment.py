"""compose.yaml and the Containerfile say the same as the code: the names of the settings, the files, the commands."""

import re

import pytest
import yaml

from embedded import jars, serve
from embedded.prepare import ROOT
from market import config

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
OURS = ("migrate", "web", "jobs", "timetable", "sequencer")


def test_the_usual_services_are_there() -> None:
    assert {"postgresql", "valkey", "elasticsearch", *OURS} == set(COMPOSE["services"])


@pytest.mark.parametrize("service", OURS)
def test_every_setting_is_one_that_the_market_reads(service: str) -> None:
    assert set(COMPOSE["services"][service]["environment"]) <= set(config.NAMES)


def test_the_settings_of_compose_start_the_market_in_production() -> None:
    key = "k" * 43 + "="
    given = {
        "WEST_MARKET_SECRET_KEY": "s" * 48,
        "WEST_MARKET_DATA_KEYS": f"k1:{key}",
        "WEST_MARKET_LOOKUP_KEY": key,
        "WEST_MARKET_RECORD_KEY": key,
        "WEST_MARKET_RECORD_ORIGIN": "market.example/record",
        "WEST_MARKET_LICENCE_REGISTRY": "https://registry.example.org",
    }
    environment = {
        name: given.get(name, re.sub(r"\$\{[^}]*\}", "filled-in", value))
        for name, value in COMPOSE["services"]["web"]["environment"].items()
    }
    assert not config.load(environment).practice


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    references = re.findall(r"\$\{(\w+)([^}]*)\}", text)
    assert references
    assert [name for name, default in references if not default.startswith(":?")] == []


def test_the_engines_are_of_the_versions_that_the_market_is_made_for() -> None:
    image = {
        name: COMPOSE["services"][name]["image"].rpartition(":")[2]
        for name in ("postgresql", "valkey", "elasticsearch")
    }
    assert int(image["postgresql"].split(".")[0]) >= 17
    assert int(image["valkey"].split(".")[0]) >= 8
    assert image["elasticsearch"] == jars.VERSION


def test_web_and_workers_are_started_as_bin_run_starts_them() -> None:
    programs = {program.name: list(program.command)[1:] for program in serve.programs(8000)}
    web = [word.replace("0.0.0.0", "127.0.0.1") for word in COMPOSE["services"]["web"]["command"]]
    assert web == programs["web"][1:]
    assert COMPOSE["services"]["jobs"]["command"][1:] == programs["jobs"]
    assert COMPOSE["services"]["timetable"]["command"][1:] == programs["timetable"]
    assert COMPOSE["services"]["sequencer"]["command"][1:] == programs["sequencer"]


def test_what_the_image_copies_exists_and_its_command_is_that_of_web() -> None:
    for source in re.findall(r"^COPY (?!--)(\S+) ", CONTAINERFILE, re.M):
        assert (ROOT / source).exists(), source
    command = yaml.safe_load(CONTAINERFILE.strip().rpartition("CMD ")[2])
    assert command == COMPOSE["services"]["web"]["command"]
    assert re.search(r"^USER (?!root)\w+$", CONTAINERFILE, re.M)


def test_only_loopback_is_published() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
