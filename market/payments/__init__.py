"""Payments: money held until the work is accepted.

The buyer pays each instalment of a contract into escrow; an accepted milestone releases it to the vendor less the platform's
fee (a dated row, 0); cancellation, dispute and chargeback send it back in full or part. Every movement is a balanced set of
postings in a ledger that is only added to; the gateway (Stripe, or the practice bank behind the same Protocol) is told after
the commit with our operation's id as idempotency key and answers by signed webhooks, stored once, applied by a job in any order.
States of an instalment: states.py. Neighbours: uses orders and vendors; orders learns of money through reactions.
"""
