"""`sysbox install` on a host with systemd, AppArmor and Docker."""

import json
import os
import pathlib

import host_files
import pytest

from harness.command import run
from harness.waiting import until

UNIT = pathlib.Path("/lib/systemd/system/sysbox.service")
PROFILE = pathlib.Path("/etc/apparmor.d/sysbox-system-container")
SETTINGS = pathlib.Path("/usr/lib/sysctl.d/10-sysbox.conf")
LOADED = pathlib.Path("/sys/kernel/security/apparmor/profiles")


@pytest.fixture(scope="session")
def dry_run():
    """What an installation says that it would do, before there was any."""
    before = host_files.snapshot()
    host_files.save(before)  # for the case that uninstalls, after a reboot
    told = run(os.environ["SYSBOX_BINARY"], "install", "--docker",
               "--dry-run").out
    return told, host_files.differences(before, host_files.snapshot())


def test_a_dry_run_says_all_and_does_nothing(dry_run, installed):
    """The steps of the installation that follows, and no other."""
    told, changed = dry_run
    assert not changed
    for what in (f"write {UNIT}", f"write {PROFILE}", f"write {SETTINGS}",
                 "systemctl start sysbox.service"):
        assert f"would {what}" in told, told
    would = [line.removeprefix("would ") for line in told.splitlines()]
    did = [line.removesuffix(": done") for line in installed.out.splitlines()]
    assert would == did


def test_everything_is_there_and_runs(installed, systemctl):
    assert systemctl("is-enabled").out == "enabled\n"
    assert systemctl("is-active").out == "active\n"
    assert "sysbox-system-container (enforce)" in LOADED.read_text()
    assert run("sysbox", "ps").code == 0


def test_again_changes_nothing(installed, systemctl):
    pid = systemctl("show", "-P", "MainPID").out
    again = run("sysbox", "install", "--docker").out
    assert "done" not in again, again
    assert systemctl("show", "-P", "MainPID").out == pid


def test_doctor_is_content(dockerd):
    report = run("sysbox", "doctor", "--json", check=False, timeout=300)
    checks = {check["name"]: check
              for check in json.loads(report.out)["checks"]}
    assert report.code == 0, report
    bad = [check for check in checks.values()
           if check["health"] not in ("ok", "unknown")]
    assert not bad, bad
    assert checks["cgroups"]["found"] == "v2, systemd, Docker uses systemd"
    assert "can run here" in run("sysbox", "doctor", timeout=300).out


def test_systemd_finds_no_fault(installed):
    verified = run("systemd-analyze", "verify", UNIT, check=False, timeout=300)
    assert "sysbox" not in verified.err, verified


def test_limits_and_rights_of_the_service(installed, systemctl):
    pid = systemctl("show", "-P", "MainPID").out.strip()
    proc = pathlib.Path("/proc", pid)
    assert "NoNewPrivs:\t1" in (proc / "status").read_text()
    assert (proc / "oom_score_adj").read_text() == "-900\n"
    limits = (proc / "limits").read_text()
    assert "1048576              1048576              files" in limits
    # What it clones for containers must be the host's mounts.
    assert os.readlink(proc / "ns/mnt") == os.readlink("/proc/1/ns/mnt")


def test_reload_applies_the_configuration(installed, systemctl):
    config = pathlib.Path("/etc/sysbox/config.json")
    config.parent.mkdir(exist_ok=True)
    config.write_text('{"log-level": "debug"}\n')
    try:
        assert systemctl("reload").code == 0
        until(lambda: "reloaded the configuration" in run(
            "journalctl", "-u", "sysbox", "--no-pager").out, seconds=60)
    finally:
        config.unlink()
        config.parent.rmdir()
        systemctl("reload")
