"""The record: what happened, who did it, and that nobody changed it afterwards.

Every operation ends in `record.operations.record(event, by=actor)`. In the same transaction that leaves one audit row (actor,
role, on whose behalf, channel, facts, hash of the row before), the outbox rows of what must follow, and a leaf of the public
record where the event is public (market/public_leaves.py; shapes.py says what a leaf may hold). Rows are only added; chain.py
finds every change, gap and branch. Personal data never enter an event: it holds codes and plain facts.
The public record is a Merkle log (RFC 6962): sequencing.py gives leaves their places under a lease, tiles.py and notes.py are
the forms in which it is served and signed, witnesses.py has it cosigned, verifying.py checks receipts without a network.
Neighbours: imports no other domain; all domains import it.
"""
