"""A hostile container races against the answers to its trapped calls."""

import os
import stat

import pytest

from harness.waiting import until

# An hour of it shows more: SYSBOX_RACE_SECONDS=3600.
SECONDS = int(os.environ.get("SYSBOX_RACE_SECONDS", "6"))


def strange_nodes(directory):
    """Devices below that nobody may have made."""
    harmless = {os.makedev(1, 3), os.makedev(1, 5), os.makedev(1, 7)}
    for where, _, files in os.walk(directory):
        for name in files:
            status = os.lstat(os.path.join(where, name))
            if stat.S_ISBLK(status.st_mode) or (
                    stat.S_ISCHR(status.st_mode)
                    and status.st_rdev not in harmless):
                yield os.path.join(where, name)


@pytest.mark.patience(SECONDS + 600)
def test_nothing_is_gained_by_racing(guest, name, daemon, nothing_left):
    worker = daemon.worker()
    descriptors = len(list(daemon.descriptors().iterdir()))
    guest.save(args=["/probe", "race", str(SECONDS)])
    result = guest("run", name, check=False, timeout=SECONDS + 120)
    print(result.out)  # how often each call came through
    assert result.code == 0, result
    assert "WRONG" not in result.out and "STUCK" not in result.out, result
    lanes = [line.split() for line in result.out.splitlines()
             if line.startswith("lane ")]
    assert lanes and all(int(lane[3]) > 0 for lane in lanes), result
    assert list(strange_nodes(guest.rootfs)) == []
    assert os.listdir(guest.rootfs / "tmp/race/outside") == []
    assert daemon.worker() == worker, daemon.read_log()[-2000:]
    until(lambda: len(list(daemon.descriptors().iterdir())) <= descriptors)
