"""`bin/market requirements`: the pinned lists of packages, made from requirements.in and requirements-dev.in."""

import shutil
import subprocess

import click

from market.commands import services
from market.config import ROOT

LISTS = ("requirements", "requirements-dev")


@click.group("requirements")
def cli() -> None:
    """Pinned packages."""


@services()
@cli.command()
@click.option("--upgrade", is_flag=True, help="take the newest versions that requirements.in allows")
def lock(upgrade: bool) -> None:
    """Pin all packages with hashes for Python 3.11.2 to 3.14 at once. Needs `uv`."""
    uv = shutil.which("uv")
    if uv is None:
        raise SystemExit("uv is not installed: python3 -m pip install uv, then try again")
    for name in LISTS:
        subprocess.run(  # noqa: S603
            [
                uv, "pip", "compile", f"{name}.in", "-o", f"{name}.txt", "--universal", "--python-version", "3.11", "--quiet",
                "--generate-hashes", "--no-emit-index-url", "--custom-compile-command", "bin/market requirements lock",
                *(["--upgrade"] if upgrade else []),
            ],
            cwd=ROOT,
            check=True,
        )  # fmt: skip
