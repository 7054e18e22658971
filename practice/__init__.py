"""The outside world for demo and tests: small servers with invented data. No part of the market; nothing here is real."""
