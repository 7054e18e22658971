"""Listings: standardised offerings of one service item, their price against the standard, and comparison.

A listing says what it costs (fixed, per unit, share of the standard, on quotation up to a maximum), how long it takes and what
is delivered. Each publication keeps a copy and the standard that was used. The price is held to the standard in force: set
equals, guided lies in the band, market is shown against the reference and explained in writing when far below, never refused.
States (states.py): draft, published, paused, suspended, withdrawn, expired. `indexing.py` turns rows into documents of search.
Neighbours: uses catalogue and vendors; bidding and orders start from a listing.
"""
