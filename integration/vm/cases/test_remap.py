"""dockerd with userns-remap, systemd's driver and cgroup v2: its mapping is
honoured, and its limits reach the kernel."""

import os
import pathlib

import pytest

from harness import images
from harness.docker import Docker

FIRST, USER = 700000000, "daemon"  # a user whom nobody needs for anything


@pytest.fixture
def remapped(installed, workspace):
    """A second dockerd, beside the guest's own."""
    files = [pathlib.Path(path) for path in ("/etc/subuid", "/etc/subgid")]
    before = [file.read_text() for file in files]
    for file, text in zip(files, before):
        file.write_text(f"{text}{USER}:{FIRST}:65536\n")
    docker = Docker(workspace / "remap", "/usr/bin/sysbox-runc",
                    {"userns-remap": USER, "bridge": "none",
                     "iptables": False,
                     "exec-opts": ["native.cgroupdriver=systemd"]})
    del docker.config["bip"]
    try:
        docker.start()
        rootfs = workspace / "remap-rootfs"
        images.make_busybox_rootfs(rootfs)
        images.import_image(docker, rootfs, "busybox")
        yield docker
        docker.remove_all()
    finally:
        docker.stop()
        for file, text in zip(files, before):
            file.write_text(text)


def test_the_mapping_and_the_limits_are_dockers(remapped, scope):
    assert remapped("info", "-f", "{{.CgroupDriver}} {{.CgroupVersion}}"
                    ).out == "systemd 2\n"
    box = remapped.start_container(
        options=("--network=none", "--memory=64m", "--pids-limit=50",
                 "--volume=kept:/kept"))
    told = remapped.shell(box, """
        cat /proc/self/uid_map /proc/self/gid_map
        touch /kept/made && chown 5:6 /kept/made
        mkdir /sys/fs/cgroup/inner && echo delegated""").split()
    assert told == ["0", str(FIRST), "65536"] * 2 + ["delegated"]
    files = scope(box)
    assert (files / "memory.max").read_text() == f"{64 << 20}\n"
    assert (files / "pids.max").read_text() == "50\n"
    assert os.stat(files / "memory.max").st_uid == 0
    assert os.stat(files / "init.scope/cgroup.procs").st_uid == FIRST
    made = os.stat(pathlib.Path(remapped(
        "volume", "inspect", "-f", "{{.Mountpoint}}", "kept").out.strip(),
        "made"))
    assert (made.st_uid, made.st_gid) == (FIRST + 5, FIRST + 6)
