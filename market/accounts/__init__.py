"""Accounts: people, organisations, memberships, sign-in, second factor, API tokens.

A person signs in with an address and a password, officials with a one-time code as well (TOTP, RFC 6238). What a person may do
comes from memberships: (person, organisation, role, district or none for the whole city). One of them is the acting one; it
makes the `Actor` of each operation. Sessions are rows and can be listed and ended; links in mails work once.
States: a person is open or closed, a membership runs or has ended. Neighbours: uses record; all others use it.
"""
