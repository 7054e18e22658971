"""The Merkle tree of the public record: RFC 6962 section 2.1 (the same as RFC 9162 section 2.1), SHA-256. Pure.

A tree is read through a `Reader`: `read(height, place)` gives the root of the complete subtree over the leaves from
`place * 2**height` to the next such border. From a list of leaf hashes `reader` makes one; the log reads its tiles.
Every hash has 32 bytes; others are refused.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

SIZE = 32
#: the root of the tree without leaves
EMPTY = sha256(b"").digest()

Reader = Callable[[int, int], bytes]


class NotAHash(ValueError):
    """Something else than 32 bytes stands where a hash must."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry (RFC 6962 section 2.1): a leaf can never stand for an inner node."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children. Raises `NotAHash` unless each has 32 bytes."""
    if len(left) != SIZE or len(right) != SIZE:
        raise NotAHash("a hash has 32 bytes")
    return sha256(b"\x01" + left + right).digest()


def reader(leaf_hashes: Sequence[bytes]) -> Reader:
    """A reader over leaf hashes in memory; each subtree is hashed once."""
    known: dict[tuple[int, int], bytes] = {}

    def read(height: int, place: int) -> bytes:
        if height == 0:
            if len(leaf_hashes[place]) != SIZE:
                raise NotAHash("a hash has 32 bytes")
            return leaf_hashes[place]
        if (height, place) not in known:
            known[height, place] = node_hash(read(height - 1, 2 * place), read(height - 1, 2 * place + 1))
        return known[height, place]

    return read


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree over `leaf_hashes` (MTH of RFC 6962 section 2.1); `EMPTY` for none."""
    return root_of(reader(leaf_hashes), 0, len(leaf_hashes))


def root_of(read: Reader, start: int, end: int) -> bytes:
    """The root over the leaves from `start` up to `end`, a range as the tree has it (`start` lies on a border of its size)."""
    if start == end:
        return EMPTY
    count = end - start
    height = (count - 1).bit_length()
    if count == 1 << height:
        return read(height, start >> height)
    middle = start + (1 << (height - 1))
    return node_hash(root_of(read, start, middle), root_of(read, middle, end))


def inclusion_proof(read: Reader, index: int, size: int) -> list[bytes]:
    """The hashes from the sibling of leaf `index` up to the child of the root of the tree of `size` leaves (RFC 6962
    section 2.1.1). Raises IndexError when the tree has no such leaf."""
    if not 0 <= index < size:
        raise IndexError(f"a tree of {size} leaves has no leaf {index}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(root_of(read, middle, end))
            end = middle
        else:
            proof.append(root_of(read, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(read: Reader, old: int, size: int) -> list[bytes]:
    """The hashes that show that the tree of `old` leaves is the beginning of the tree of `size` (RFC 6962 section 2.1.2).

    Empty for equal sizes and for `old` 0. Raises IndexError when `old` is larger or negative.
    """
    if not 0 <= old <= size:
        raise IndexError(f"a tree of {size} leaves does not begin with {old}")
    proof: list[bytes] = []
    start, end, whole = 0, size, True
    while old not in (0, end):
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(root_of(read, middle, end))
            end = middle
        else:
            proof.append(root_of(read, start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(root_of(read, start, end))
    return proof[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that the leaf hash `leaf` is number `index` of the tree with `size` leaves and `root`.

    False for anything that does not: an index outside, a hash that is not 32 bytes long, a proof too long or too short.
    """
    if not 0 <= index < size or not _hashes(leaf, root, *proof):
        return False
    place, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            computed = node_hash(sibling, computed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `old` leaves with `old_root` is the beginning of that of `size` with `root`.

    False for anything that does not, for hashes that are not 32 bytes long, and for `old` 0: of an empty tree nothing can be
    shown (a witness, which begins with it, wants an empty proof and asks nothing here). Equal sizes need an empty proof and
    equal roots.
    """
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if not proof or not _hashes(old_root, root, *proof):
        return False
    nodes = list(proof) if old & (old - 1) else [old_root, *proof]
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(node, before), node_hash(node, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, node)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _hashes(*values: bytes) -> bool:
    return all(len(value) == SIZE for value in values)
