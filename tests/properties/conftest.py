"""The profiles of the property-based tests: how many examples, and which.

`ci` is the default: the same examples in every run, so that a failure is a change of ours, and few enough for half a minute.
`thorough` looks for what nobody has found yet: other examples in every run, many more, ten minutes long.

    HYPOTHESIS_PROFILE=thorough .venv/bin/python -m pytest tests/properties

A failure prints the example it shrank to and a `@reproduce_failure` line. No profile keeps a database of examples, and what
hypothesis caches for itself goes to a temporary folder: nothing is left in the checkout.
"""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "dingbridge-hypothesis")
# A deadline would time examples against the wall, and so would the check for slow ones: a busy machine is no failure.
settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough",
    derandomize=False,
    database=None,
    deadline=None,
    max_examples=5_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
