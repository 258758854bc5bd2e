"""The host kernel's modules and headers inside, read-only. Those of the host
are covered for the length of a case by some that are known."""

import os
import pathlib

import pytest

from harness import images
from harness.command import run

RELEASE = os.uname().release
MODULES = f"/lib/modules/{RELEASE}"
HEADERS = f"/usr/src/linux-headers-{RELEASE}"
COMMON = f"{HEADERS}-common"
KBUILD = "/usr/lib/linux-kbuild-0.test"


def make(path, files=(), links=()):
    path = pathlib.Path(path)
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    for name, target in links:
        (path / name).symlink_to(target)


@pytest.fixture
def kernel_files():
    """As Debian has them. The run's mounts are its own (private_world)."""
    covered = [path for path in ("/lib/modules", "/usr/src") if
               os.path.isdir(path)]
    made = [path for path in ("/lib/modules", "/usr/src", KBUILD) if
            not os.path.isdir(path)]
    for path in (*covered, *made):
        pathlib.Path(path).mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", "mode=755", "kernel", path)
    make(MODULES, [("modules.dep", "kernel/known.ko:\n"),
                   ("kernel/known.ko", "")],
         [("build", HEADERS), ("source", COMMON)])
    make(HEADERS, [("Makefile", f"include {COMMON}/Makefile\n")],
         [("scripts", "../../lib/linux-kbuild-0.test/scripts")])
    make(COMMON, [("Makefile", "all:\n\t@echo built\n")])
    make(KBUILD, [("scripts/fixdep", "#!/bin/sh\n")])
    yield
    for path in (*covered, *made):
        run("umount", path)
    for path in made:
        os.rmdir(path)


@pytest.fixture(scope="module")
def images_of(dockerd, busybox_rootfs, tmp_path_factory):
    """Of other distributions, and able to use modules."""
    names = []
    for distribution in ("debian", "fedora"):
        extra = tmp_path_factory.mktemp(distribution)
        make(extra, [("etc/os-release", f"ID={distribution}\n"),
                     ("usr/bin/kmod", "")])
        run("cp", "-a", f"{busybox_rootfs}/.", extra)
        images.import_image(dockerd, extra, distribution)
        names.append(distribution)
    yield
    for name in names:
        dockerd("rmi", "-f", name)


def test_are_where_tools_look(docker, kernel_files, images_of):
    said = docker.run(
        "sh", "-c", f"cat {MODULES}/modules.dep; "
        "cat /lib/modules/$(uname -r)/build/Makefile "
        "/lib/modules/$(uname -r)/source/Makefile; "
        f"ls {MODULES}/build/scripts/; stat -c %u:%g {MODULES} {HEADERS}; "
        "lsmod >/dev/null && echo lsmod", image="debian")
    assert said.out.splitlines() == [
        "kernel/known.ko:", f"include {COMMON}/Makefile", "all:",
        "\t@echo built", "fixdep", "0:0", "0:0", "lsmod"]


def test_are_read_only(docker, kernel_files, images_of):
    for path in (MODULES, HEADERS, KBUILD):
        said = docker.run("touch", f"{path}/x", image="debian", check=False)
        assert "Read-only file system" in said.err


def test_are_where_another_distribution_looks(docker, kernel_files, images_of):
    path = f"/usr/src/kernels/{RELEASE}"
    container = docker.start_container(image="fedora")
    assert "include" in docker.shell(container, f"cat {path}/Makefile")
    assert docker.shell(container, f"ls {path}/scripts/") == "fixdep\n"
    docker("restart", "-t", "0", container)
    assert "include" in docker.shell(container, f"cat {path}/Makefile")


def test_may_be_left_out(docker, kernel_files, images_of, disk):
    for options in (["-e", "SYSBOX_KERNEL_FILES=FALSE"],
                    ["-e", "SYSBOX_SYSCONT_MODE=FALSE"]):
        said = docker.run("ls", "/lib/modules", "/usr/src", image="debian",
                          options=options, check=False)
        assert said.out == "" and said.code != 0
    # The user's own come first.
    make(disk / RELEASE, [("mine", "")])
    assert docker.run("ls", MODULES, image="debian",
                      options=["-v", f"{disk}:/lib/modules"]).out == "mine\n"


def test_leave_an_image_alone_that_has_no_use_for_them(docker, kernel_files):
    container = docker.start_container("true")
    docker("wait", container)
    assert "modules" not in docker("diff", container).out


def test_a_host_without_them(docker, images_of):
    if os.path.isdir(MODULES):
        pytest.skip(f"{MODULES} exists")
    assert docker.run("echo", "ok", image="debian").out == "ok\n"


def test_nobody_inside_writes_what_the_hosts_kernel_loads(docker, kernel_files,
                                                          images_of):
    """They are the host's own files, and root's there."""
    said = docker.run(
        "sh", "-c", f"""
        mount -o remount,bind,rw {MODULES}; touch {MODULES}/evil
        mkdir /c && mount --bind {MODULES} /c && mount -o remount,bind,rw /c
        touch /c/evil
        unshare -m sh -c 'mount -o remount,bind,rw {MODULES};
                          touch {MODULES}/evil'
        umount {MODULES} && ! touch {MODULES}/kernel/known.ko && echo end""",
        image="debian", check=False)
    assert said.out == "end\n"
    assert "Read-only file system" in said.err
    assert sorted(os.listdir(MODULES)) == ["build", "kernel", "modules.dep",
                                           "source"]
