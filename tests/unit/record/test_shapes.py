"""Every public event, its leaf, the leaf's shape and its words go together."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from market import public_leaves
from market.record import shapes, tiles, words


def test_every_shape_has_words_and_every_public_event_has_a_shape_of_its_own_fields() -> None:
    assert words.EVENTS.keys() == shapes.SHAPES.keys()
    for event, publication in public_leaves.PUBLIC.items():
        blank = event(**{field.name: None for field in fields(event)})
        said = publication(blank, datetime(2026, 3, 4, 2, tzinfo=UTC))
        assert said["at"] == "2026-03-04T02:00:00Z"
        assert said.keys() == {"event", *shapes.SHAPES[said["event"]]}, said["event"]


def test_only_what_a_kind_permits_passes() -> None:
    """KF-AUD-04: a name, a number of a person, a free text fit nowhere."""
    kinds = {kind for shape in shapes.SHAPES.values() for kind in shape.values()}
    for text in (
        "张三",
        "610103199001011234 ",
        "a note about somebody",
        "P-000000000",
        "13900000000x y",
        "a@example.org",
    ):
        assert not any(kind(text) or kind([text]) for kind in kinds), text
    assert shapes.CODE("V-000000000")
    assert shapes.MOMENT("2026-03-04T02:00:00Z")
    assert not shapes.MOMENT("2026-03-04T02:00:00+00:00")
    assert not shapes.NUMBER(True)
    assert not shapes.NUMBER(2**53)


def test_a_closing_of_five_thousand_bids_fits_and_one_of_twenty_thousand_does_not() -> None:
    def closing(count: int) -> bytes:
        return shapes.leaf({"event": "tender.closed", "tender": "T-000000000", "digests": ["0" * 64] * count})

    assert len(closing(5_000)) > 300_000
    with pytest.raises(shapes.NotPublishable, match="at most"):
        closing(20_000)
    with pytest.raises(OverflowError):
        tiles.bundle([closing(5_000)])
