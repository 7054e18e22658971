"""Review before publication: clauses that shut somebody out are found, explained and rewritten before anyone reads them.

Texts go through a reader (reader.py: width, traditional characters, spaces and dots inside words, numerals, sentences and
clauses, each with its way back to the original), through the patterns of 59 rules kept as data (rules/*.toml, words in
words.toml), and through the scopes that make a clause harmless (scopes.py: negation, quotation, history, third parties,
questions). What is left are findings: rule, span, triggering words, severity by the source of money.
States: none, a finding is a fact about a text. Neighbours: everything that is published asks `operations.gate` first;
`record` alone stands beneath it. The page /review and `POST /api/v1/review` keep nothing.
"""
