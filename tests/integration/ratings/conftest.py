"""A vendor, its member and operators for the tests of ratings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from market.kernel.actor import Actor, Role
from market.vendors.models import Vendor
from tests.integration.factories import ratings as make


@dataclass
class Scene:
    """A vendor with its member, and two operators."""

    vendor: Vendor
    seller: Actor
    operator: Actor
    other: Actor


@pytest.fixture
def scene(app: Any, someone: Callable) -> Scene:
    vendor, seller = make.a_vendor()
    return Scene(vendor, seller, someone(Role.OPERATOR).actor, someone(Role.OPERATOR).actor)
