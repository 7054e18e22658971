"""What all tests share. Services come from bin/test through the environment; a tier that needs one says so by its fixtures."""

import os
from pathlib import Path

import pytest

from embedded import translations

HERE = Path(__file__).parent
#: files that take longest, begun first, so that no process works alone at the end where several share the tests
LONG = {
    HERE / name
    for name in (
        "unit/bidding/test_bundle_verifier.py",
        "unit/catalogue/test_tariff_properties.py",
        "integration/jobs/test_workers.py",
        "integration/jobs/test_messages.py",
        "integration/demo/test_orders.py",
        "integration/demo/test_orders_at_a_bank.py",
        "integration/accounts/test_route_roles.py",
        "integration/embedded/test_services.py",
        "integration/orders/test_refused_verbs.py",
        "functional/test_money.py",
        "browser/test_specimen.py",
    )
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test is a failure (CI)")
    parser.addoption(
        "--pictures", default=None, help="folder for pictures of the pages that the browser tests walk through"
    )
    parser.addoption("--vectors", default=None, help="folder with published cases (default: tests/vectors)")


def pytest_configure(config: pytest.Config) -> None:
    translations.compile_stale()
    if getattr(config.option, "numprocesses", None):
        config.pluginmanager.register(AtOnce(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path not in LONG)


class AtOnce:
    """Names a failure when it happens: where processes share the tests, their dots do not say of which file they are."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line with the test and the first line of its reason."""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            reason = (crash.message if crash else str(report.longrepr)).strip().partition("\n")[0]
            terminal = self.config.pluginmanager.getplugin("terminalreporter")
            terminal.write_line(f"\nFAILED {report.nodeid} ({report.when}) - {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> object:
    report = yield
    if report.skipped and item.config.getoption("--no-skips") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although --no-skips was given: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    return _from_environment("ELASTICSEARCH_URL")


@pytest.fixture(scope="session")
def redis_url() -> str:
    return _from_environment("REDIS_URL")


@pytest.fixture(scope="session")
def database_url() -> str:
    return _from_environment("DATABASE_URL")


@pytest.fixture
def index_prefix(request: pytest.FixtureRequest) -> str:
    """A prefix for index names that no other test uses."""
    return f"t{abs(hash(request.node.nodeid)) % 10**12}"


def _from_environment(name: str) -> str:
    if not os.environ.get(name):
        pytest.fail(f"{name} is not set: run this test with bin/test, which starts the services", pytrace=False)
    return os.environ[name]
