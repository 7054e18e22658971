"""Notifications: what is told to whom, in the inbox and by mail, SMS and webhook.

A `Message` is a row in the transaction of what it tells about; it leaves after the commit by the channels that its person chose,
each delivery once, tried again until it got through or stands on a list that people look at. Texts are message ids with
parameters, so that each reader reads his own language. market/telling.py says who is told what of which event.
States of a delivery: waiting, sent, failed, dropped. Neighbours: uses accounts; all other domains tell through it.
"""
