"""Listings: standardised offerings of one service item, their price against the standard, and comparison.

A listing says what it costs (fixed, per unit, share of the standard, on quotation up to a maximum), how long it takes and what
is delivered. Each publication keeps a copy and the standard that was used. The price is held to the standard in force: set
equals, guided lies in the band, market is shown against the reference and explained in writing when far below, never refused
(pricing.py; units.py says which prices can be compared). States (states.py): draft, published, paused, suspended, withdrawn,
expired. importing.py reads and writes them in bulk; indexing.py turns rows into documents of search.
Neighbours: uses record, documents, catalogue and vendors; orders start from a listing, pages show and compare them.
"""
