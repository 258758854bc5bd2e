"""Root file systems for tests, made from what is installed on the host."""

import os
import pathlib
import shutil
import subprocess

import pytest

from harness.command import run

BUSYBOX = "/bin/busybox"


def make_busybox_rootfs(root):
    """A busybox with every applet as a symlink."""
    root = pathlib.Path(root)
    for directory in ("bin", "etc", "tmp", "proc", "sys", "dev", "root", "var",
                      "home/app", "usr/bin", "sbin"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    shutil.copy2(BUSYBOX, root / "bin/busybox")
    for applet in run(BUSYBOX, "--list").out.split():
        link = root / "bin" / applet
        if not link.exists() and applet != "busybox":
            link.symlink_to("busybox")
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\n"
        "app:x:1000:1000:app:/home/app:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\ntty:x:5:\napp:x:1000:\n")
    (root / "tmp").chmod(0o1777)
    os.chown(root / "home/app", 1000, 1000)
    return root


def import_image(docker, rootfs, name):
    with subprocess.Popen(["tar", "-C", rootfs, "-c", "."],
                          stdout=subprocess.PIPE) as tar:
        docker("import", "-", name, stdin=tar.stdout)


def make_system_image(docker, name):
    """Debian with systemd, and what else tools/lib/rootfs.sh says of `name`."""
    tool = pathlib.Path(__file__).parents[2] / "tools/image"
    made = run(tool, name, check=False)
    if made.code != 0:
        pytest.skip(f"{name} cannot be made here: {made.err.strip()}")
    rootfs = made.out.splitlines()[-1]
    import_image(docker, rootfs, name)
    return name
