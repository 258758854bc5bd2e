"""A bind with mounts below it: they come along, each with its true ids if its
file system can have them, and nothing of that shows on the host."""

import os

import pytest

from harness.command import run
from harness.waiting import until


def number_of_mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return len(file.readlines())


@pytest.fixture
def mounted(disk):
    """Of which procfs and overlay cannot be id-mapped; what is on them can."""
    def mount(*arguments):
        run("mount", *arguments)
        places.append(arguments[-1])

    places = []
    for name in ("tmp", "proc", "over", "layers/1/deep", "layers/2"):
        (disk / name).mkdir(parents=True)
    (disk / "file").touch()
    mount("-t", "tmpfs", "t", disk / "tmp")
    mount("-t", "proc", "p", disk / "proc")
    mount("-t", "overlay", "-o",
          f"lowerdir={disk}/layers/1:{disk}/layers/2", "o", disk / "over")
    mount("-t", "tmpfs", "t", disk / "over/deep")
    (disk / "layers/alone").write_text("alone\n")
    mount("--bind", disk / "layers/alone", disk / "file")
    for place in ("tmp", "over/deep"):
        (disk / place / "f").write_text("x\n")
        os.chown(disk / place / "f", 5, 6)
    yield disk
    for place in reversed(places):
        run("umount", place)


def test_they_keep_true_ids(docker, mounted):
    before = number_of_mounts()
    container = docker.start_container(options=["-v", f"{mounted}:/b"])
    assert docker.shell(container, "cd /b; stat -c '%u:%g %n' tmp/f file "
                        "over over/deep/f proc/1") == (
        "5:6 tmp/f\n0:0 file\n65534:65534 over\n5:6 over/deep/f\n"
        "65534:65534 proc/1\n")
    docker.shell(container, "touch /b/tmp/made /b/over/deep/made; "
                 "cat /b/file && echo b >/b/file")
    for made in ("tmp/made", "over/deep/made"):
        info = os.lstat(mounted / made)
        assert (info.st_uid, info.st_gid) == (0, 0), made
    assert (mounted / "layers/alone").read_text() == "b\n"
    # dockerd's own: the container's root, its namespace, its /dev/shm.
    docker("rm", "-f", container)
    assert number_of_mounts() == before


def test_what_comes_later_comes_along(docker, mounted):
    container = docker.start_container(
        options=["-v", f"{mounted}:/b:rslave"])
    for place in ("layers", "tmp/later", "over/deep/later"):
        (mounted / place).mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "t", mounted / place)
        try:
            (mounted / place / "late").touch()
            until(lambda: docker.shell(container, f"ls /b/{place}")
                  == "late\n")
        finally:
            run("umount", mounted / place)
        until(lambda: "late\n" not in docker.shell(
            container, f"ls /b/{place}"))


def test_what_is_mounted_inside_stays_inside(docker, mounted):
    before = number_of_mounts()
    docker.run("sh", "-c", "mkdir -p /b/tmp/in /b/in; for d in /b/in /b/tmp/in "
               "/b/over/deep /b/over; do mount -t tmpfs inner $d || exit 1; "
               "done", options=["-v", f"{mounted}:/b:rshared"])
    assert number_of_mounts() == before


def test_read_only_is_so_all_the_way_down(docker, mounted):
    run("mount", "-o", "remount,bind,ro", mounted / "over/deep")
    container = docker.start_container(options=["-v", f"{mounted}:/b"])
    docker.shell(container, "touch /b/f /b/tmp/made")
    for script in ("touch /b/over/deep/made",
                   "mount -o remount,bind,rw /b/over/deep",
                   "umount /b/over/deep/"):
        assert docker("exec", container, "sh", "-c", script,
                      check=False).code != 0, script


def test_the_whole_host(docker):
    """As programs that look after one have it."""
    before = number_of_mounts()
    said = docker.run("stat", "-c", "%u", "/h", "/h/etc", "/h/run", "/h/proc",
                      options=["-v", "/:/h:ro"]).out
    assert said == "0\n0\n0\n65534\n"
    until(lambda: number_of_mounts() == before)
