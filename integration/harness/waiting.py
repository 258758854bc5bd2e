"""Waiting for what becomes true on somebody else's time."""

import time


def until(condition, seconds=20, interval=0.05):
    """The first true value of `condition()`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"never true; last: {value!r}"
        time.sleep(interval)
