"""Orders: the one-stop flow from a need to an accepted, paid and rated result.

Every need is one `Order`, also a public body's: draft, in_review, selecting, awarded, contracted, funded, under_way,
delivered, accepted, closed; disputed, cancelled, failed (states.py says who moves it, terms.py by when, waiting.py sets every
clock). A draft is written (draft_operations.py), placed (placing_operations.py), answered by the vendor asked
(answer_operations.py), and has one outcome (outcome_operations.py). What a public buyer needs is a published notice and
passes review's gate (notices.py). One order has one vendor and one `Contract`, whose newest version in force binds; the work
is one or more `Milestone`s, each paid by one instalment (contract_*.py, work_*.py, dispute_operations.py). Accepted results
go to the approving departments (exchange.py).
Direct choice from an offer ends here; the other ways of selection hand the need to bidding and come back as an award.
Neighbours: uses accounts, documents, review, catalogue, vendors, listings; payments and ratings learn of it through
reactions.
"""
