"""Pages that join domains: home, search, comparison, the order page, counter and kiosk, help.

Views and queries only: what changes anything is an operation of its domain, called from here. finder.py holds the process's
search; while Elasticsearch is away named.py and queries.py answer from the catalogue and PostgreSQL. order_views.py shows an
order with the buttons of orders, payments and ratings; counter_views.py and kiosk_views.py are what centres' clerks and visitors
use; telling_views.py draws market/telling.py.
Two things besides pages live here because they need every domain: the demo market (demo*.py, told through the operations) and
the commands of search.
Neighbours: uses all others; nothing uses it.
"""
