"""Pure words that all domains share: refusals, money, states, working days, identifiers, public codes, neutral order,
canonical JSON and who acts.

Nothing here loads Flask, SQLAlchemy, rq or Elasticsearch, reads a clock, a file or chance: what is needed is an argument.
"""
