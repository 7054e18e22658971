"""Properties have no deadline: several test runs share two cores, and a slow moment is no fault."""

from hypothesis import settings

settings.register_profile("market", deadline=None)
settings.load_profile("market")
