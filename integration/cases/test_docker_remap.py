"""dockerd with userns-remap: its mapping is honoured."""

import os
import pathlib

import pytest

from harness import images
from harness.docker import Docker

FIRST = 700000000


@pytest.fixture(scope="module")
def remapping(workspace, runtime, daemon, dockerd, busybox_rootfs):
    for path in ("/etc/subuid", "/etc/subgid"):
        with open(path, "a") as file:
            file.write(f"dockremap:{FIRST}:65536\n")
    for path, line in (("/etc/passwd", "dockremap:x:988:988::/:/bin/false\n"),
                       ("/etc/group", "dockremap:x:988:\n")):
        with open(path, "a") as file:
            file.write(line)
    docker = Docker(workspace / "remap", runtime,
                    {"userns-remap": "dockremap"}, prefix=("unshare", "-n"))
    docker.start()
    images.import_image(docker, busybox_rootfs, "busybox")
    yield docker
    docker.stop()


@pytest.fixture
def remapped(remapping):
    yield remapping
    remapping.remove_all()


def test_the_mapping_is_the_daemons_and_shared(remapped):
    containers = [remapped.start_container() for _ in range(2)]
    for container in containers:
        for kind in ("uid", "gid"):
            text = remapped.shell(container, f"cat /proc/self/{kind}_map")
            assert text.split() == ["0", str(FIRST), "65536"]


def test_files_have_the_mapped_ids_on_disk(remapped):
    container = remapped.start_container(
        "sh", "-c", "touch /made /v/made; chown 5:6 /v/made; sleep 1000",
        options=["-v", "v1:/v"])
    remapped.shell(container,
                   "until [ $(stat -c %u /v/made) = 5 ]; do sleep 0.05; done")
    assert remapped.shell(container, "stat -c %u /made /home/app") == (
        "0\n1000\n")
    upper = remapped.inspect(container, "{{.GraphDriver.Data.UpperDir}}")
    assert os.stat(f"{upper}/made").st_uid == FIRST
    volume = pathlib.Path(remapped(
        "volume", "inspect", "-f", "{{.Mountpoint}}", "v1").out.strip())
    assert os.stat(volume / "made").st_uid == FIRST + 5
    assert os.stat(volume / "made").st_gid == FIRST + 6


def test_a_bind_source_of_the_mapped_ids(remapped, disk):
    os.chown(disk, FIRST, FIRST)
    result = remapped.run("sh", "-c", "touch /b/made; stat -c %u /b",
                          options=["-v", f"{disk}:/b"])
    assert result.out == "0\n"
    assert os.stat(disk / "made").st_uid == FIRST


def test_exec_cp_and_commit(remapped, disk):
    container = remapped.start_container()
    (disk / "f").write_text("f\n")
    remapped("cp", disk / "f", f"{container}:/f")
    assert remapped.shell(container, "cat /f; id -u") == "f\n0\n"
    remapped.shell(container, "touch /made; chown 7 /made")
    remapped("stop", "-t", "0", container)
    remapped("commit", container, "remap-commit")
    assert remapped.run("stat", "-c", "%u", "/made",
                        image="remap-commit").out == "7\n"


def test_the_hosts_user_namespace_is_refused(remapped, host_unchanged):
    result = remapped.run("true", options=["--userns=host"], check=False)
    assert result.code in (125, 126), result
    said = [line for line in result.err.splitlines() if "OCI runtime" in line]
    assert len(said) == 1 and "--userns=host" in said[0], result
