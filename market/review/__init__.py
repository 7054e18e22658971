"""Review before publication: clauses that shut somebody out are found, explained and rewritten before anyone reads them.

Texts go through a reader (reader.py: width, traditional characters, spaces and dots inside words, numerals, sentences and
clauses, each with its way back to the original), through the patterns of the rules kept as data (rules/*.toml, words in
words.toml), and through the scopes that make a clause harmless (scopes.py: negation, quotation, history, third parties,
questions). What is left are findings: rule, span, triggering words, severity by the source of money.
Whoever publishes calls `operations.gate` first (gate_rules.py: what passes, what needs a written reason). The `Notice` keeps
text, findings and reasons for everybody: open, in force, objected, replaced, ended (states.py); the regulator objects or lets
it stand. The page /review and `POST /api/v1/review` keep nothing.
Neighbours: uses record and accounts; catalogue, listings, orders and bidding publish through it.
"""
