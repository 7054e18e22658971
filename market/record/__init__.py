"""The record: what happened, who did it, and that nobody changed it afterwards.

Every operation ends in `record.operations.record(event, by=actor)`. In the same transaction that leaves one audit row (actor,
role, on whose behalf, channel, facts, hash of the row before) and the outbox rows of what must follow. Rows are only added;
`chain.check` finds every change, gap and branch. Personal data never enter an event: it holds codes and plain facts.

The public Merkle log (RFC 6962) of public events takes its place beside `chain.py`.
Neighbours: imports no other domain; all domains import it.
"""
