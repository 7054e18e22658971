"""Tiles (C2SP tlog-tiles): the published example, paths, and proofs from tiles that are the proofs from all leaves."""

from random import Random

import pytest

from market.record import merkle, tiles


def test_a_tree_of_70_000_leaves_has_the_published_tiles_and_gives_the_same_proofs_however_it_grew() -> None:
    hashes = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
    stored: dict[tuple[int, int], bytes] = {}

    def fetch(level: int, place: int) -> bytes:
        return stored.get((level, place), b"")

    size, chance = 0, Random(1)
    while size < len(hashes):
        portion = hashes[size : size + chance.choice([1, 2, 255, 256, 257, 4096])]
        stored.update(tiles.grown(size, fetch, portion))
        size += len(portion)

    widths = {key: len(tile) // 32 for key, tile in stored.items()}
    assert {key: width for key, width in widths.items() if width < 256} == {(0, 273): 112, (1, 1): 17, (2, 0): 1}
    assert sum(level == 0 for level, _ in widths) == 274
    read, whole = tiles.reader(fetch), merkle.reader(hashes)
    assert merkle.root_of(read, 0, size) == merkle.root(hashes)
    for _ in range(200):
        now = chance.randrange(1, size + 1)
        index, old = chance.randrange(now), chance.randrange(1, now + 1)
        assert merkle.inclusion_proof(read, index, now) == merkle.inclusion_proof(whole, index, now)
        assert merkle.consistency_proof(read, old, now) == merkle.consistency_proof(whole, old, now)


def test_hashes_that_are_missing_are_said_and_never_made_up() -> None:
    hashes = [merkle.leaf_hash(bytes([number])) for number in range(10)]
    stored = tiles.grown(0, lambda level, place: b"", hashes)
    with pytest.raises(LookupError, match="lacks hash 8"):
        merkle.root_of(tiles.reader(lambda level, place: stored[level, place][: 8 * 32]), 0, 10)
    with pytest.raises(LookupError, match="has not the 10 hashes"):
        tiles.grown(10, lambda level, place: stored[level, place][: 9 * 32], hashes[:1])


@pytest.mark.parametrize(
    ("text", "place", "width"), [("000", 0, 256), ("x001/x234/067", 1_234_067, 256), ("x001/000.p/7", 1000, 7)]
)
def test_a_path_is_written_and_read_in_one_way(text: str, place: int, width: int) -> None:
    assert tiles.address(place, width) == text
    assert tiles.read_address(text) == (place, width)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0000",
        "x000/001",
        "001/001",
        "x001",
        "000.p/",
        "000.p/0",
        "000.p/256",
        "000.p/07",
        "000.p/1.p/1",
        "٠٠٠",
    ],
)
def test_another_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        tiles.read_address(text)


def test_a_bundle_is_entries_after_their_lengths() -> None:
    assert tiles.bundle([b"", b"ab"]) == b"\x00\x00\x00\x02ab"
