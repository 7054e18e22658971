"""The search engine at the other end, and its silence."""

import contextlib
from collections.abc import Iterator
from typing import Any

from elastic_transport import NodeConfig
from elastic_transport.client_utils import url_to_node_config
from elasticsearch import (
    ApiError,
    Elasticsearch,
    SerializationError,
    TransportError,
    UnsupportedProductError,
)

#: seconds until a connection must stand; seconds until an answer must be there
CONNECT, ANSWER = 1.0, 5.0
_AWAY = {429, 500, 502, 503, 504}


class Away(Exception):
    """Elasticsearch does not answer, or says that it cannot now. Nothing is wrong with the question: ask elsewhere or later."""


class Missing(Away):
    """The index is not there (yet, or no more)."""


def connect(url: str, *, answer: float = ANSWER) -> Elasticsearch:
    """A client for the engine at `url` (http://host:port). Opens no connection yet; keeps up to ten; never retries, so that a
    page is not kept waiting. `answer`: seconds until an answer must be there.
    """
    return Elasticsearch(
        [_node(url)],
        request_timeout=answer,
        max_retries=0,
        retry_on_timeout=False,
        retry_on_status=(),
        dead_node_backoff_factor=0,
    )


def _node(url: str) -> NodeConfig:
    return url_to_node_config(url, use_default_ports_for_scheme=True).replace(
        connections_per_node=10, http_compress=False
    )


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Turns every way of not answering into `Away`. A refused question (400, 404, 409) stays the fault that it is."""
    try:
        yield
    except ApiError as error:
        if error.status_code in _AWAY:
            raise Away(f"Elasticsearch answers {error.status_code}") from error
        raise
    except (TransportError, SerializationError, UnsupportedProductError, OSError) as error:
        raise Away(f"Elasticsearch does not answer: {type(error).__name__}") from error


def several(client: Elasticsearch, index: str, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to several searches of one index in one request. One failing is `Away`; no index is `Missing`."""
    lines: list[dict[str, Any]] = []
    for body in bodies:
        lines += [{"index": index}, body]
    with asking():
        answers = client.msearch(searches=lines).body["responses"]
    for answer in answers:
        if answer.get("status") == 404:
            raise Missing(f"there is no index {index}")
        if "error" in answer:
            raise Away(f"Elasticsearch answers {answer.get('status')}: {answer['error'].get('type')}")
    return list(answers)
