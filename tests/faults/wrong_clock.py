"""The product's settings on a machine whose clock is wrong by CLOCK_OFF_SECONDS."""

import os
import time
from datetime import datetime, timedelta

from django.utils import timezone

from governance.settings import *  # noqa: F403

OFF = int(os.environ["CLOCK_OFF_SECONDS"])
_time, _time_ns, _now = time.time, time.time_ns, timezone.now


def _later() -> datetime:
    return _now() + timedelta(seconds=OFF)


timezone.now = _later
time.time = lambda: _time() + OFF
time.time_ns = lambda: _time_ns() + OFF * 1_000_000_000
