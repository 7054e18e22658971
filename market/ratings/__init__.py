"""Ratings: what buyers say of a vendor's work, once per accepted and paid order, and the credit that decisions leave.

Five dimensions in five labelled levels; both sides write unseen and are revealed together or after 14 days; moderation only
afterwards. The score, its weights and interval are published (scoring.py), as are the credit's deductions (credit.py).
States: hidden, public, under review, removed (states.py). Neighbours: uses orders and vendors; writes `vendors.Standing` through
reactions.
"""
