"""Centres: a citizen is helped in person, at a counter that keeps to fifteen minutes.

A centre has dated hours; a `Booking` is one place in one quarter hour of them: booked, kept, missed, cancelled. A clerk begins a
`CounterSession`, whose clock runs until it ends with an outcome. What he does there for the citizen rests on a `CounterConsent`
that names the acts, ends with the session or on a day, and can be withdrawn at any moment: acting.py holds it against every act
before it is written, by the table in acts.py. What is done in the citizen's name is read back first (`ReadBack`: shown,
confirmed, done or dropped; deeds.py). Pick-up codes, passes and hand-overs of a kiosk (code_operations.py) lead to an order or a
choice without a name on them.
Neighbours: uses accounts, catalogue, documents and orders; pages holds the counter's and the kiosk's pages.
"""
