"""`sysbox install` on a host with systemd, AppArmor and Docker."""

import os
import pathlib

from harness.command import run
from harness.waiting import until

UNIT = pathlib.Path("/lib/systemd/system/sysbox.service")
PROFILE = pathlib.Path("/etc/apparmor.d/sysbox-system-container")
SETTINGS = pathlib.Path("/usr/lib/sysctl.d/10-sysbox.conf")
LOADED = pathlib.Path("/sys/kernel/security/apparmor/profiles")


def test_a_dry_run_says_all_and_does_nothing():
    told = run(os.environ["SYSBOX_BINARY"], "install", "--docker",
               "--dry-run").out
    for what in (f"would write {UNIT}", f"would write {PROFILE}",
                 f"would write {SETTINGS}", "would load sysbox-system-container",
                 "would systemctl daemon-reload",
                 "would systemctl enable --quiet sysbox.service",
                 "would systemctl start sysbox.service"):
        assert what in told, told
    for path in (UNIT, PROFILE, SETTINGS, pathlib.Path("/usr/bin/sysbox")):
        assert not path.exists()


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
        systemctl("reload")
