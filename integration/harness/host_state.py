"""What a container must not leave behind on the host."""

import os
import pathlib
import time
from collections import Counter

from harness.daemon import children

STATE_ROOT = pathlib.Path("/run/sysbox-runc")


def _mounts():
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    # dockerd's own, made for the first container that asks for --net=host.
    return sorted(line.split(" ", 3)[3] for line in lines
                  if "/netns/default " not in line)


def _cgroups(mine):
    """Those with one of `mine` in their path; all, if it is empty."""
    return sorted(path for path, _, _ in os.walk("/sys/fs/cgroup")
                  if not mine or any(part in path for part in mine))


def _processes():
    """Every process that runs the binary under test."""
    ours = os.stat(os.environ["SYSBOX_BINARY"])
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.path.samestat(os.stat(entry / "exe"), ours):
                name = (entry / "comm").read_text().strip()
                found.append(f"{entry.name} {name}")
        except OSError:  # gone, or a kernel thread
            continue
    return sorted(found)


def _states():
    if not STATE_ROOT.is_dir():
        return []
    return sorted(entry.name for entry in STATE_ROOT.iterdir())


class Descriptors(list):
    """What each names; what counts is how many there are."""


def _descriptors(pid):
    """Of the daemon's keeper and worker together."""
    found = Descriptors()
    for process in [pid, *children(pid)] if pid else ():
        for entry in pathlib.Path(f"/proc/{process}/fd").iterdir():
            try:
                found.append(f"{process} {os.readlink(entry)}")
            except OSError:  # closed since
                continue
    return found


def snapshot(daemon_pid=None, mine=()):
    return {
        "mounts": _mounts(),
        "cgroups": _cgroups(mine),
        "processes": _processes(),
        "states": _states(),
        "daemon descriptors": _descriptors(daemon_pid),
    }


def await_stock(daemon_pid, seconds=2):
    """Until the daemon has a pair of mounts for the next container, which it
    makes when nobody waits for it: what it still lacks now would seem to be
    left behind later."""
    known = None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        now = _descriptors(daemon_pid)
        connections = sum(name.endswith(" /dev/fuse") for name in now)
        if now == known and connections >= 2:
            return
        known = now
        time.sleep(0.02)


def differences(before, after):
    lines = []
    for what, old in before.items():
        new = after[what]
        if old == new:
            continue
        if isinstance(old, Descriptors) and len(new) <= len(old):
            continue
        left = (Counter(new) - Counter(old)).elements()
        lines += [f"{what}: left behind: {entry}" for entry in left]
    return lines


def await_unchanged(before, daemon_pid=None, mine=(), seconds=5):
    """The differences that remain; shims and dockerd clean up on their own
    time, so they get a few seconds."""
    deadline = time.monotonic() + seconds
    while True:
        left = differences(before, snapshot(daemon_pid, mine))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)
