"""What a container must not leave behind on the host."""

import os
import pathlib
import time

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


def _descriptors(pid):
    """Of the daemon's keeper and worker together."""
    if pid is None:
        return 0
    return sum(len(os.listdir(f"/proc/{process}/fd"))
               for process in [pid, *children(pid)])


def snapshot(daemon_pid=None, mine=()):
    return {
        "mounts": _mounts(),
        "cgroups": _cgroups(mine),
        "processes": _processes(),
        "states": _states(),
        "daemon descriptors": _descriptors(daemon_pid),
    }


def differences(before, after):
    lines = []
    for what, old in before.items():
        new = after[what]
        if old == new:
            continue
        if isinstance(old, int):
            if new > old:
                lines.append(f"{what}: {old} -> {new}")
            continue
        left = [entry for entry in new if entry not in old]
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
