"""Ratings: what buyers say of a vendor's work, once per accepted and paid order, and the credit that decisions leave.

Five dimensions in five labelled levels; both sides write unseen and are revealed together or after 14 days; moderation only
afterwards: a report is looked at, a removal has reasons and can be appealed, a call-back asks who has not said anything.
The score, its weights and interval are published (scoring.py). Credit is 100 less the deductions that upheld decisions cost,
each fading to nothing (credit.py): proposed by what happened, made by an operator, appealed, decided by another.
States of a rating: hidden, public, told (only to the two parties), under review, removed, withdrawn; states.py has the others.
Neighbours: uses orders, payments and vendors; writes `vendors.Standing` through vendors' operations.
"""
