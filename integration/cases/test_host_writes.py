"""What a container writes reaches the host where, and only where, the host's
administrator allows it: --allow-host-writes."""

import pathlib

import pytest

from harness.bundle import Bundle
from harness.command import run
from harness.daemon import Daemon

MAXKEYS = pathlib.Path("/proc/sys/kernel/keys/maxkeys")
MAXBYTES = pathlib.Path("/proc/sys/kernel/keys/maxbytes")


class Allowing(Daemon):
    def arguments(self):
        return [*super().arguments(), "--allow-host-writes",
                "kernel.keys.maxkeys,vm"]


@pytest.fixture
def allowing(binary, disk):
    daemon = Allowing(binary, str(disk / "data"), str(disk / "log"),
                      disk / "run")
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture
def box(runtime, shared_rootfs, tmp_path, allowing):
    bundle = Bundle(runtime, tmp_path / "bundle", shared_rootfs)
    bundle.globals = ["--manager-socket", allowing.socket]
    yield bundle
    bundle.remove_all()


@pytest.fixture
def restored():
    before = {path: path.read_text() for path in (MAXKEYS, MAXBYTES)}
    yield {path: int(text) for path, text in before.items()}
    for path, text in before.items():
        path.write_text(text)


def test_what_is_named_is_raised_and_never_lowered(box, name, restored):
    host = restored[MAXKEYS]
    out = box.shell(f"echo {host - 1} > {MAXKEYS}; cat {MAXKEYS}", name).out
    assert out == f"{host - 1}\n"
    assert int(MAXKEYS.read_text()) == host
    box.shell(f"echo {host + 1} > {MAXKEYS}", name)
    assert int(MAXKEYS.read_text()) == host + 1
    box.shell(f"echo {host} > {MAXKEYS}; echo junk > {MAXKEYS}", name,
              check=False)
    assert int(MAXKEYS.read_text()) == host + 1


def test_what_is_not_named_is_not(box, name, restored):
    host = restored[MAXBYTES]
    out = box.shell(f"echo {host + 1} > {MAXBYTES}; cat {MAXBYTES}", name).out
    assert out == f"{host + 1}\n"
    assert int(MAXBYTES.read_text()) == host


def test_nothing_is_allowed_by_default(bundle, name, restored):
    host = restored[MAXKEYS]
    bundle.shell(f"echo {host + 1} > {MAXKEYS}", name)
    assert int(MAXKEYS.read_text()) == host


@pytest.mark.parametrize("value", ["kernel.core_pattern", "fs.file", "vm,x"])
def test_what_cannot_be_allowed_is_refused(binary, disk, value):
    result = run(binary, "daemon", "--data-root", disk / "data", "--run-dir",
                 disk / "run", "--allow-host-writes", value, check=False)
    assert result.code == 1
    assert "is no value that may reach the host" in result.err
    assert "--allow-host-writes" in result.err
