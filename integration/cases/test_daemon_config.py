"""/etc/sysbox/config.json and SIGHUP, which is `systemctl reload sysbox`."""

import json
import signal
import subprocess

import pytest

from harness.command import run
from harness.daemon import Daemon
from harness.waiting import until


class Configured(Daemon):
    """A daemon of the case's own that reads a file, and nothing else."""

    def __init__(self, binary, disk):
        super().__init__(binary, str(disk / "data"), str(disk / "log"),
                         disk / "run")
        self.config = disk / "config.json"

    def write(self, **values):
        self.config.write_text(json.dumps(values))

    def arguments(self):
        return ["daemon", "--data-root", self.data_root, "--run-dir",
                str(self.run_dir), "--config", str(self.config)]


@pytest.fixture
def configured(binary, disk):
    daemon = Configured(binary, disk)
    yield daemon
    daemon.stop()


def launch(daemon):
    with open(daemon.log, "ab") as log:
        daemon.process = subprocess.Popen(
            [daemon.binary, *daemon.arguments()], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log)
    until(daemon.socket.exists)


def test_keys_are_flags(configured):
    configured.write(**{"id-mode": "shared"})
    launch(configured)
    assert "id mode shared" in configured.read_log()


def test_a_reload_applies_the_log_level(configured):
    configured.write(**{"log-level": "error"})
    launch(configured)
    configured.write(**{"log-level": "info"})
    configured.process.send_signal(signal.SIGHUP)
    until(lambda: "reloaded the configuration" in configured.read_log())
    assert "sysbox manager" not in configured.read_log()  # said at its start


def test_read_only_mounts_may_be_left_to_root_inside(configured, guest, name,
                                                     disk):
    configured.write(**{"allow-immutable-remounts": True})
    launch(configured)
    (disk / "volume").mkdir()
    guest.bind(disk / "volume", "/dir", "ro")
    lines = guest.attack(name, "thaw", "/dir",
                         globals_=["--manager-socket", configured.socket])
    assert "here itself setattr OK OK -" in lines


def test_a_source_that_cannot_be_mapped_may_be_an_error(configured, bundle,
                                                        name):
    """As procfs: otherwise all there is nobody's."""
    configured.write()
    launch(configured)
    bundle.spec["mounts"].append(
        {"type": "bind", "source": "/proc/sys/fs", "destination": "/tmp",
         "options": ["rbind", "ro"]})
    bundle.save(args=["stat", "-c", "%u", "/tmp/file-max"])
    run_there = {"globals_": ["--manager-socket", configured.socket]}
    assert bundle("run", name, **run_there).out == "65534\n"
    configured.write(**{"fsuid-map-fail-on-error": True})
    configured.process.send_signal(signal.SIGHUP)
    until(lambda: "reloaded the configuration" in configured.read_log())
    refused = bundle("run", name, check=False, **run_there)
    assert refused.code == 1
    assert len(refused.err.splitlines()) == 1, refused
    assert "/proc/sys/fs" in refused.err and "id" in refused.err, refused


def test_a_bad_file_is_refused_at_start_and_ignored_later(configured):
    configured.write(**{"log-levle": "info"})
    refused = run(configured.binary, *configured.arguments(), check=False)
    assert refused.code == 1
    assert f'{configured.config}: unknown key "log-levle"' in refused.err
    configured.write()
    launch(configured)
    configured.write(**{"honor-caps": "perhaps"})
    configured.process.send_signal(signal.SIGHUP)
    until(lambda: "all stays as it was" in configured.read_log())
    assert configured.process.poll() is None
