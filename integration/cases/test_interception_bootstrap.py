"""Programs that make root file systems and chroots, inside a container: they
make nodes, mount proc and sysfs, and run what they have installed."""

import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

from harness import images

ARCHITECTURE = "amd64"
# debootstrap's own functions, with one package and none of dpkg's work.
SUITE = """
mirror_style release
download_style apt
finddebs_style from-indices
variants - minbase
work_out_debs () {
    required="tiny"
    base=""
}
first_stage_install () {
    extract $required
    mkdir -p "$TARGET/sys" "$TARGET/proc" "$TARGET/dev" \\
        "$TARGET/var/log"
    setup_devices
}
second_stage_install () {
    setup_proc
    in_target sh -c 'cat /proc/uptime && ls /sys/class >/dev/null' \\
        >"$TARGET/seen"
    in_target sh -c 'echo x >/dev/null && head -c 1 /dev/zero >/dev/full' \\
        2>"$TARGET/full" || true
}
"""
NODES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8),
         "urandom": (1, 9), "tty": (5, 0), "console": (5, 1), "ptmx": (5, 2)}


def build_package(path, work):
    """A .deb that holds busybox, which is all that a chroot needs."""
    root = work / "tiny"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(
        f"Package: tiny\nVersion: 1\nArchitecture: {ARCHITECTURE}\n"
        "Maintainer: nobody <nobody@example.org>\nDescription: tiny\n")
    (root / "bin").mkdir()
    (root / "etc").mkdir()
    shutil.copy2(images.BUSYBOX, root / "bin/busybox")
    for name in ("sh", "true", "mount", "readlink", "cat", "head", "ls",
                 "id"):
        (root / "bin" / name).symlink_to("busybox")
    path.parent.mkdir(parents=True)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build",
                    root, path], check=True, stdout=subprocess.DEVNULL)


def write_index(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest(), len(data)


def make_mirror(mirror, work):
    """A Debian archive with one package, as debootstrap reads it."""
    package = mirror / "pool/tiny_1.deb"
    build_package(package, work)
    data = package.read_bytes()
    index = f"main/binary-{ARCHITECTURE}/Packages"
    sha, size = write_index(
        mirror / "dists/tiny" / index,
        f"Package: tiny\nVersion: 1\nArchitecture: {ARCHITECTURE}\n"
        f"Priority: required\nFilename: pool/tiny_1.deb\nSize: {len(data)}\n"
        f"SHA256: {hashlib.sha256(data).hexdigest()}\n\n")
    write_index(
        mirror / "dists/tiny/Release",
        f"Suite: tiny\nCodename: tiny\nComponents: main\n"
        f"Architectures: {ARCHITECTURE}\nSHA256:\n {sha} {size} {index}\n")
    (mirror / "suite").write_text(SUITE)


def rootfs_of(bundle):
    return pathlib.Path(bundle.spec["root"]["path"])


@pytest.fixture
def builder(hosted, disk):
    for program in ("debootstrap", "dpkg-deb"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing")
    make_mirror(rootfs_of(hosted) / "mirror", disk)
    return hosted


# By a shell that has no dpkg-deb of its own, as busybox has.
BOOTSTRAP = ("PATH=/usr/sbin:/usr/bin dash /usr/sbin/debootstrap --no-check-gpg --variant=minbase --arch="
             f"{ARCHITECTURE} tiny /target file:///mirror /mirror/suite")


def made_nodes(directory):
    return {path.name: (os.major(path.stat().st_rdev),
                        os.minor(path.stat().st_rdev))
            for path in directory.iterdir()
            if path.is_char_device() and not path.is_symlink()}


def test_debootstrap(builder, name):
    done = builder.shell(f"{BOOTSTRAP} && chroot /target id -u && "
                         "! grep ' /target' /proc/self/mountinfo", name,
                         check=False)
    target = rootfs_of(builder) / "target"
    log = target / "debootstrap/debootstrap.log"
    assert done.out.splitlines()[-1] == "0", (
        done, log.read_text() if log.exists() else "")
    assert made_nodes(target / "dev") == NODES
    # The container's own uptime; and nothing is left mounted.
    assert float((target / "seen").read_text().split()[0]) < 1000
    assert "No space left" in (target / "full").read_text()


# What piuparts and pbuilder do with a chroot: mount what it needs, run, and
# unmount, with and without namespaces of its own.
CHROOT = """
    for place in proc sys dev/pts dev/shm; do mkdir -p /target/$place; done
    mount -t proc proc /target/proc
    mount -t sysfs sysfs /target/sys
    mount -t devpts -o newinstance,ptmxmode=0666 devpts /target/dev/pts
    mount -t tmpfs shm /target/dev/shm
    chroot /target sh -c 'cat /proc/uptime; test -d /sys/class && echo sys
                          echo x >/dev/null && echo null'
    umount /target/dev/shm /target/dev/pts /target/sys /target/proc
    unshare -mpf sh -c 'mount -t proc proc /target/proc &&
                        chroot /target cat /proc/uptime'
    grep ' /target' /proc/self/mountinfo || echo clean
"""


def test_a_chroot_that_is_used_and_left(builder, name):
    first, *rest = builder.shell(f"{BOOTSTRAP} >/dev/null 2>&1; {CHROOT}",
                                 name).out.splitlines()
    second = rest.pop(2)
    assert all(float(line.split()[0]) < 1000 for line in (first, second))
    assert rest == ["sys", "null", "clean"]
