"""Settings for the whole suite."""

from __future__ import annotations

import os

from hypothesis import settings

# The suite must say the same twice: property tests take the same examples at each run. HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("steady", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
