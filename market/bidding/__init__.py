"""Selections that anybody can re-run: tenders, sealed bids, draws, auctions, scoring, awards.

The pure half is a chain of small files, each of which reads no clock, chance, file or table, so that a stranger's
program and the market's own decide with the same lines:

    hpke.py             RFC 9180, the one suite that is used
    seal.py             WM-SEAL-1: envelopes that nobody opens before enough key holders publish their keys
    beacon.py           drand: which round belongs to which second, and whether its signature is true
    draw.py             WM-DRAW-1: one permutation of the whole pool from one line of text that anybody can hash
    scoring.py          prices and quality to points, in fractions
    ties.py             what decides between equals
    low_bids.py         prices that ask for an explanation
    award_order.py      awards one after the other, objection_fee.py what a complaint costs (nothing here)
    auction.py          rounds and soft close as a replay of what happened
    methods.py          the one table: method of the notice -> how its result follows from the opened bids
    leaves.py           what a tender leaves in the public record, word by word
    bundle.py           one file per tender: its parts, its shape, its bytes
    bundle_contents.py  from an authenticated file to what the methods ask: envelopes opened, moves, marks
    bundle_binding.py   every part of a file bound to the public record, or named
    bundle_verifier.py  everything derived again from that file and from a policy that does not come with it

docs/verification.md says the protocol in words. Neighbours: record (tree, signed checkpoints, policy), vendors,
review; orders comes after.
"""
