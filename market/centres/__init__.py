"""Centres: a citizen is helped in person, at a counter that keeps to fifteen minutes.

A centre has dated hours; a `Booking` is one place in one quarter hour of them: booked, kept, missed, cancelled. A clerk begins a
`CounterSession` at a window, whose clock runs until it ends with an outcome. What the clerk does there for the citizen, he does
by a `CounterConsent` that names the acts, ends with the session or on a day, and can be withdrawn at any moment: consents.py
holds it against every act before it is written. What is done in the citizen's name is read back first (`ReadBack`).
A pick-up code finds an order without a name; a hand-over carries what was chosen at a kiosk to the telephone.
Neighbours: uses accounts, documents, catalogue, orders; pages shows the counter and the kiosk.
"""
