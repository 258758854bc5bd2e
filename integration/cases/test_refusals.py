"""What a system container cannot be: one clear line each, nothing left."""

import shutil

import pytest

from harness import images
from harness.bundle import Bundle
from harness.command import run


def line_about(result):
    """The one line dockerd quotes from the runtime."""
    lines = [line for line in result.err.splitlines() if line
             and not line.startswith("Run 'docker run")
             and not line.startswith("See 'docker run")]
    assert len(lines) == 1, result
    return lines[0]


@pytest.mark.parametrize("options, text", [
    (["--privileged"], "drop --privileged"),
    (["--pid=host"], "drop --pid=host"),
    (["--ipc=host"], "drop --ipc=host"),
    (["--uts=host"], "drop --uts=host"),
    (["--net=host"], "drop --net=host"),
    (["-e", "SYSBOX_NOPE=1"], "SYSBOX_NOPE"),
    (["-e", "SYSBOX_HONOR_CAPS=yes"], "SYSBOX_HONOR_CAPS"),
    (["-e", "SYSBOX_HONOR_CAPS="], "SYSBOX_HONOR_CAPS"),
    (["-e", "SYSBOX_SYSCONT_MODE=true"], "SYSBOX_SYSCONT_MODE"),
    (["-e", "SYSBOX_IDS=1000"], "no number from 65536"),
    (["-e", "SYSBOX_IDS=2147483648"], "ids"),
    (["-e", "SYSBOX_SKIP_UID_SHIFT=relative"], "SYSBOX_SKIP_UID_SHIFT"),
])
def test_refused(docker, host_unchanged, options, text):
    result = docker.run("true", options=options, check=False)
    assert result.code in (125, 126), result
    assert text in line_about(result)
    assert docker("ps", "-aq").out == ""


def test_a_regular_container_may_be_privileged(docker):
    """It is one only in name: its root is nobody outside."""
    result = docker.run("sh", "-c", "cat /proc/self/uid_map", options=[
        "-e", "SYSBOX_SYSCONT_MODE=FALSE", "--privileged"])
    assert result.out.split()[1] != "0"


def test_joining_a_pid_or_ipc_namespace_of_another(docker):
    """Another container's is not the host's, but another user's, too."""
    first = docker.start_container(options=["--ipc=shareable"])
    for option in (f"--pid=container:{first}", f"--ipc=container:{first}"):
        result = docker.run("true", options=[option], check=False)
        if result.code != 0:
            line_about(result)


def test_no_daemon_is_one_clear_line(docker, daemon):
    daemon.stop()
    try:
        result = docker.run("true", check=False)
        assert result.code in (125, 126)
        said = line_about(result)
        assert "sysbox daemon is not running" in said
        assert "`sysbox daemon`" in said or "sysbox daemon &" in said
    finally:
        daemon.start()
    assert docker.run("true").code == 0


@pytest.mark.parametrize("command", ["checkpoint", "restore"])
def test_no_checkpoints(runtime, name, command):
    result = run(runtime, command, "--image-path", "/tmp", name, check=False)
    assert result.code == 1
    assert len(result.err.splitlines()) == 1, result
    assert "cannot be checkpointed" in result.err


def test_not_in_a_chroot(binary, busybox_rootfs, disk):
    """The kernel gives no user namespace there."""
    place = images.make_busybox_rootfs(disk / "place")
    shutil.copy2(binary, place / "sysbox-runc")
    result = run("chroot", place, "/sysbox-runc", "run", "x", check=False)
    assert result.code == 1
    assert "in a chroot" in line_about(result)


def test_not_root(runtime, busybox_rootfs, disk, name):
    bundle = Bundle(runtime, disk, busybox_rootfs).save()
    result = bundle("run", name, check=False, user=65534, group=65534,
                    extra_groups=[])
    assert result.code == 1
    assert len(result.err.splitlines()) == 1, result
    assert "must run as root" in result.err


def test_a_daemon_survives_its_clients_and_containers_survive_it(
        docker, daemon):
    container = docker.start_container()
    daemon.stop()
    try:
        assert docker.shell(container, "id -u") == "0\n"
        assert docker.inspect(container, "{{.State.Running}}") == "true"
    finally:
        daemon.start()
    other = docker.start_container()
    ranges = [docker.shell(c, "cat /proc/self/uid_map").split()[1]
              for c in (container, other)]
    assert ranges[0] != ranges[1]
