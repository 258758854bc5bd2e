"""Fixtures of the hostile cases."""

import json
import pathlib
import re
import shutil
import time

import pytest

from harness import cdi, guest as guests, host_state, images
from harness.bundle import Bundle
from harness.command import run


@pytest.fixture(scope="session")
def probe(binary):
    path = guests.probe_path(binary)
    assert path.exists(), f"{path}: build //integration/guest:probe"
    return path


@pytest.fixture
def make_guest(runtime, disk, probe, daemon):
    """Makes bundles whose rootfs holds the probe alone."""
    made = []

    def make(directory="guest"):
        made.append(guests.Guest(runtime, disk / directory, probe))
        return made[-1]

    yield make
    for guest in made:
        guest.remove_all()


@pytest.fixture
def guest(make_guest):
    return make_guest()


@pytest.fixture
def hosted(runtime, disk, daemon, probe, busybox_rootfs):
    """A bundle with the host's programs, and a bundle /inner in it."""
    rootfs = images.make_busybox_rootfs(disk / "rootfs")
    for name in ("lib", "lib64"):
        (rootfs / name).symlink_to(f"usr/{name}")
    inner = rootfs / "inner"
    images.make_busybox_rootfs(inner / "rootfs")
    for place in (rootfs, inner / "rootfs"):
        shutil.copy2(probe, place / "probe")
    shutil.copy2(guests.narrow_path(probe), rootfs / "narrow")
    bundle = Bundle(runtime, disk / "bundle", rootfs)
    bundle.spec["mounts"].append(
        {"type": "bind", "source": "/usr", "destination": "/usr",
         "options": ["rbind", "ro"]})
    bundle.inner = inner
    yield bundle
    bundle.remove_all()


@pytest.fixture
def marker(disk):
    """A file of the host's that everybody could read, were he outside."""
    path = disk / "marker"
    path.write_text("the host's\n")
    path.chmod(0o644)
    return path


@pytest.fixture
def cdi_device(disk):
    """The name of one, in the run's own /etc."""
    (disk / "lib").write_text("library\n")
    file = cdi.describe(disk / "lib")
    yield cdi.NAME
    file.unlink()


def _of_container(name, paths):
    return [path for path in paths if name in path]


@pytest.fixture
def nothing_left(daemon, name, binary, runtime):
    """Fails the case if a container whose id begins with `name` leaves
    anything. Unlike `host_unchanged`, also on a host where others work."""

    def snapshot():
        found = host_state.snapshot(daemon.process.pid)
        found["cgroups"] = _of_container(name, found["cgroups"])
        found["states"] = _of_container(name, found["states"])
        # They may be others by then; what they hold open is compared.
        found["processes"] = [
            process for process in found["processes"]
            if not re.search(r" sysbox\[(keeper|worker)\]$", process)]
        found["registered"] = sorted(registered(runtime))
        return found

    host_state.await_stock(daemon.process.pid)
    before = snapshot()
    yield
    deadline = time.monotonic() + 5  # what is killed dies on its own time
    while (left := host_state.differences(before, snapshot())):
        assert time.monotonic() < deadline, "\n".join(left)
        time.sleep(0.05)


def registered(runtime):
    """What the daemon says it has."""
    sysbox = pathlib.Path(runtime).parent / "sysbox"
    return [box["id"] for box in json.loads(run(sysbox, "ps", "--json").out)]
