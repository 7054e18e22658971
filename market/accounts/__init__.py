"""Accounts: people, organisations, memberships, sign-in, second factor, API tokens, keys that sign.

A person signs in with an address and a password, officials with a one-time code as well (TOTP, RFC 6238); every guess is counted
before it is judged (guessing.py). What a person may do comes from memberships: (person, organisation, role, district or none for
the whole city). One of them is the acting one; it makes the `Actor` of each operation. Sign-ins are rows and can be listed and
ended; links in mails work once (links.py).
An `AccountKey` (Ed25519, signing.py) signs contracts for its person and opens with his password alone. A `CounterPerson` was
registered at a counter without address or password and can take the account over later.
States: a person is open or closed, a membership runs or has ended. Neighbours: uses record; all others use it.
"""
