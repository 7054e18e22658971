"""All of the market that a worker loads. For the process that workers are forked from: nothing is connected or open in it."""

import worker  # noqa: F401
from market.app import DOMAINS, part

for domain in DOMAINS:
    for name in ("models", "views", "api", "jobs"):
        part(domain, name)
