"""The second half of a reboot, and the end of the installation."""

import json
import os
import pathlib

import host_files

from harness.command import run
from harness.waiting import until


def test_sysbox_and_the_containers_are_back(dockerd):
    def state(name):
        return dockerd.inspect(name, "{{.State.Running}}")

    until(lambda: state("comes-back") == "true", seconds=300)
    assert state("stays-away") == "false"
    assert dockerd.shell("comes-back", "cat /proc/self/attr/current"
                         ) == "sysbox-system-container (enforce)\n"
    dockerd("start", "stays-away")
    refused = run("sysbox", "uninstall", check=False)
    assert refused.code == 1 and not refused.out, refused
    assert "2 system containers run: stop them" in refused.err
    dockerd("rm", "-f", "comes-back", "stays-away")


# What `sysbox uninstall` says it keeps.
KEPT = {"/etc/subuid", "/etc/subgid", "/var/lib/sysbox"}


def test_uninstalling_leaves_nothing_of_ours(dockerd):
    """And takes nothing else along."""
    told = run("sysbox", "uninstall", "--dry-run").out
    assert "would systemctl disable --quiet --now sysbox.service" in told
    installed = host_files.snapshot()
    assert "/usr/bin/sysbox" in installed
    did = run("sysbox", "uninstall", timeout=300).out
    assert [line.removeprefix("would ") for line in told.splitlines()] == [
        line.removesuffix(": done") for line in did.splitlines()]
    changed = [path for path in host_files.differences(
        host_files.load(), host_files.snapshot())
        if not path.startswith(("/var/lib/sysbox/", "/etc/docker/"))]
    assert set(changed) == KEPT, changed
    for path in ("/etc/subuid", "/etc/subgid"):
        assert "sysbox:" in pathlib.Path(path).read_text()
    # Rewritten, but nothing else in it has changed.
    assert json.loads(pathlib.Path("/etc/docker/daemon.json").read_text()) == {
        "bridge": "none", "iptables": False}
    assert "sysbox" not in pathlib.Path(
        "/sys/kernel/security/apparmor/profiles").read_text()
    assert not pathlib.Path("/run/sysbox").exists()
    until(lambda: "sysbox-runc" not in dockerd(
        "info", "-f", "{{json .Runtimes}}").out, interval=1)


def test_uninstalling_again_finds_nothing():
    again = run(os.environ["SYSBOX_BINARY"], "uninstall").out
    assert ": done" not in again, again
