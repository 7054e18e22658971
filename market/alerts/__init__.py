"""Alerts: saved searches of people and saved demands of vendors; whoever waits for something is told when it is published.

A saved search keeps a question to the index of offers (search/offers.py) as it was asked; a saved demand keeps a service and
districts. When an offer is published, a job asks the index for each question that may fit whether that one offer is among its
answers. States: running, ended. Neighbours: uses notifications, listings and search; market/pages saves what its search page
shows; notices of bidding come to `jobs.match_notice`.
"""
