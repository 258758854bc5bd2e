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


def _tar(directory):
    return subprocess.Popen(
        ["tar", "-C", directory, "--xattrs-include=security.capability",
         "-c", "."], stdout=subprocess.PIPE)


def import_image(docker, rootfs, name):
    with _tar(rootfs) as tar:
        docker("import", "-", name, stdin=tar.stdout)


def _add_layer(docker, base, layer, name):
    container = docker("create", base, "true").out.strip()
    with _tar(layer) as tar:
        docker("cp", "-", f"{container}:/", stdin=tar.stdout)
    docker("commit", container, name)
    docker("rm", container)


def _make_layers(name):
    """The directories, lowest first, of what tools/lib/rootfs.sh says."""
    tool = pathlib.Path(__file__).parents[2] / "tools/image"
    made = run(tool, name, check=False, timeout=900)
    if made.code != 0:
        pytest.skip(f"{name} cannot be made here: {made.err.strip()}")
    return [pathlib.Path(line) for line in made.out.splitlines()
            if line.startswith("/")]


def make_base_rootfs():
    """Debian with systemd as a directory, which nobody may write to."""
    return _make_layers("syscont-debian")[0]


def make_system_image(docker, name):
    """Debian with systemd, and what else tools/lib/rootfs.sh says of `name`.
    Once; all share the layer that is the first."""
    if docker("image", "inspect", name, check=False).code == 0:
        return name
    base, *upon = _make_layers(name)
    if docker("image", "inspect", base.name, check=False).code != 0:
        import_image(docker, base, base.name)
    for layer in upon:
        _add_layer(docker, base.name, layer, name)
    return name
