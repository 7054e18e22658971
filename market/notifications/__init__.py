"""Notifications: what is told to whom, on the desk and by mail.

A `Message` is a row in the transaction of what it tells about; mail leaves after the commit, to confirmed addresses only, and is
tried again until it went out. Texts are message ids with parameters, so that each reader reads his own language.
States: unsent, sent, read. Neighbours: uses accounts; reactions make messages for all other domains.
"""
