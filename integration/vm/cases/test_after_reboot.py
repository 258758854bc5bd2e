"""The second half of a reboot, and the end of the installation."""

import json
import pathlib

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
    dockerd.remove_all()


def test_uninstalling_leaves_nothing_of_ours(dockerd):
    told = run("sysbox", "uninstall", "--dry-run").out
    assert "would systemctl disable --quiet --now sysbox.service" in told
    assert pathlib.Path("/usr/bin/sysbox").exists()
    run("sysbox", "uninstall", timeout=300)
    left = [path for place in ("/usr/bin", "/lib/systemd/system",
                               "/etc/systemd/system", "/etc/apparmor.d",
                               "/usr/lib/sysctl.d", "/usr/share")
            for path in pathlib.Path(place).rglob("*sysbox*")
            if path.name != "sysbox-vm.service"]
    assert not left
    config = pathlib.Path("/etc/docker/daemon.json")
    assert "sysbox" not in config.read_text()
    json.loads(config.read_text())
    assert "sysbox" not in pathlib.Path(
        "/sys/kernel/security/apparmor/profiles").read_text()
