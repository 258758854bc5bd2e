"""Containers mount and unmount while the worker that answers them is killed."""

import os
import re
import signal
import time

from harness.waiting import until

CONTAINERS = 8
KILLS = int(os.environ.get("SYSBOX_KILLS", "200"))
# A call that waits for a new worker gets its answer so soon after that is up.
PATIENCE = 1.0


def kill_worker(daemon):
    """When the old one died and the new one was there."""
    worker = daemon.worker()
    killed = time.monotonic()
    os.kill(worker, signal.SIGKILL)
    until(lambda: daemon.worker() != worker, interval=0.002)
    return killed, time.monotonic()


def said(guest):
    return (guest.path / "output").read_text()


def late(line, kills):
    """Whether a slow call was answered later than the kills during it excuse."""
    start, end = (int(number) / 1e9 for number in line.split()[-2:])
    ups = [up for killed, up in kills if killed < end and up > start]
    return end - max(ups, default=start) > PATIENCE


def test_no_answer_is_wrong_or_late(make_guest, name, daemon):
    guests = [make_guest(f"g{number}") for number in range(CONTAINERS)]
    for number, guest in enumerate(guests):
        guest.start(f"{name}{number}", "/probe", "steady")
    until(lambda: all("ROUNDS" in said(guest) for guest in guests), 60)
    kills = []
    for i in range(KILLS):
        kills.append(kill_worker(daemon))
        time.sleep(i % 13 * 0.01)  # at ever different moments
    for guest in guests:
        (guest.rootfs / "tmp/stop").touch()
    until(lambda: all("END" in said(guest) for guest in guests), 60)
    for guest in guests:
        text = said(guest)
        assert "FAIL" not in text, text
        slow = re.findall("^SLOW .*", text, re.MULTILINE)
        assert [line for line in slow if late(line, kills)] == []
