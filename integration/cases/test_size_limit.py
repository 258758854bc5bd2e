"""`--storage-opt size`, where the file system has project quotas: what engines
keep inside counts as well."""

import os
import shutil

import pytest

from harness import images
from harness.command import run
from harness.docker import Docker

MIB = 1 << 20
LIMIT = 20 * MIB
FILL = "mkdir -p {0}; dd if=/dev/zero of={0}/big bs=1M count=40 2>&1; " \
       "stat -c 'size %s' {0}/big; rm {0}/big"


@pytest.fixture
def quotas(disk):
    """A directory on XFS, where Docker sets a quota per container."""
    if not shutil.which("mkfs.xfs"):
        pytest.skip("xfsprogs is missing")
    with open(disk / "image", "wb") as image:
        image.truncate(320 * MIB)
    place = disk / "xfs"
    place.mkdir()
    run("mkfs.xfs", "-q", disk / "image")
    if run("mount", "-o", "loop,pquota", disk / "image", place,
           check=False).code != 0:
        pytest.skip("XFS with project quotas is missing")
    yield place
    run("umount", "-R", place)


def test_a_size_limit_of_the_engine_holds(quotas, disk, runtime, daemon,
                                          workspace):
    docker = Docker(quotas / "docker", runtime,
                    {"cgroup-parent": f"/{workspace.name}"})
    root = images.make_busybox_rootfs(disk / "rootfs")
    (root / "usr/bin/dockerd").touch()  # it has a place for its data, then
    docker.start()
    try:
        images.import_image(docker, root, "busybox")
        box = docker.start_container(
            options=["--network=none", "--storage-opt", f"size={LIMIT}"])
        for place in ("/tmp", "/var/lib/docker"):
            said = docker.shell(box, FILL.format(place))
            assert "No space left on device" in said, place
            size = int(said.split("size ")[1])
            assert LIMIT / 2 < size <= LIMIT, place
        assert docker.shell(box, "stat -fc %T /var/lib/docker") == "xfs\n"
        docker("rm", "-f", box)
    finally:
        docker.stop()
    assert not os.path.ismount(quotas / "docker/data")
