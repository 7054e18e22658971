"""Orders: the one-stop flow from a need to an accepted, paid and rated result.

Every need is one `Order`, also a public body's: draft, in_review, selecting, awarded, contracted, funded, under_way, delivered,
accepted, closed; disputed, cancelled, failed (states.py says who moves it, terms.py by when). One order has one vendor and one
`Contract`, whose newest version in force binds; the work is one or more `Milestone`s, each paid by one instalment.
Direct choice from an offer ends here; the other ways of selection hand the need to bidding and come back as an award.
Neighbours: uses catalogue, vendors, listings, documents; payments and ratings learn of it through reactions.
"""
