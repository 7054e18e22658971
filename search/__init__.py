"""Search: Elasticsearch, Chinese text, and nearness of meaning. Knows nothing of `market`.

`text` reads what people type; `passages` holds all sayings of the catalogue's items and matters; `meaning` puts them in a
space where near things mean alike; `items` finds items and matters; `offers` and `vendors` are documents and queries of
listings and vendors; `index` keeps an index true while it is written, rebuilt and compared; `suggest` completes what is being
typed; `evaluate` measures all of it on judged queries. The engine's silence is `engine.Away`.
"""
