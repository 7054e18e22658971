"""Service items, government matters, districts, and the price standards with their calculator.

A price standard (收费标准) is data: one file under data/standards/ per tariff, with dated versions; docs/price-standards.md
describes the form. `standard.py` holds it, `standard_schema.py` reads and checks it, `tariff.py` computes a fee with every
step explained, `tariff_inputs.py` reads what the asker gives, `tariff_words.py` puts the result in words. All of these are
pure; `standard_files.py` alone reads files.

Kinds of a standard: market (a reference, never enforced), guided (a band), set (one price). Its kind is dated, apart from
its versions, because the State Council's freeing of prices left the tables as they were.

Neighbours: needs record, accounts; vendors, listings, bidding and orders compare prices with what is computed here.
"""
