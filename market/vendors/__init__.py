"""Vendors: entry once for the whole city, licences and people, standing, suspension and exit.

A vendor applies step by step, an operator checks the form within two working days and answers with exact reasons, and the
vendor is active everywhere. Nothing may be asked that shuts anybody out: no local registration, branch, turnover or tax.
States (states.py): draft, applied, returned, active, suspended, struck_off, withdrawn. Licences are checked against the
registry (registry.py); one that lapses suspends exactly the listings that need it. `Standing` holds what domains further right
know of a vendor. Neighbours: uses accounts, documents, catalogue; listings hangs on it.
"""
