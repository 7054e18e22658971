"""Service items, government matters, districts, and the price standards with their calculator.

An item, matter or standard is an `Entry` with dated `Version`s: proposed, consulted on, in force, superseded, or withdrawn before
it holds (states.py). What is in force on a day, and what was, queries.py says; what ships lies under data/ and becomes rows by a
migration (shipping.py). `CalendarDay` holds the working days that an operator declares.
A price standard (收费标准) is data, described in docs/price-standards.md: standard.py holds it, standard_schema.py reads it,
tariff.py computes a fee with every step explained; pure like all of tariff_*.py. Its kind (market: a reference, never enforced;
guided: a band; set: one price) is dated apart from its versions: prices were freed while the tables stayed.
Neighbours: uses record; vendors, listings, bidding and orders compare prices with what is computed here.
"""
