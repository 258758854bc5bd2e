"""--allow-mounts: file systems that the kernel reserves for the host's root."""

import os
import pathlib
import shutil

import pytest

from harness.command import run

REFUSED = ("ermission denied", "not permitted", "must be superuser")


@pytest.fixture
def image(disk):
    """An ext4 on a loop device, whose root is root's."""
    path = disk / "image"
    with open(path, "wb") as file:
        file.truncate(16 << 20)
    run("mke2fs", "-q", "-F", "-t", "ext4", path)
    made = run("losetup", "-f", "--show", path, check=False)
    if made.code != 0:
        pytest.skip(f"no loop device: {made.err}")
    device = made.out.strip()
    yield device
    run("losetup", "-d", device)


def give(hosted, device, access):
    """The node as /dev/disk, and what the cgroup says of it."""
    status = os.stat(device)
    major, minor = os.major(status.st_rdev), os.minor(status.st_rdev)
    hosted.spec["linux"].setdefault("devices", []).append(
        {"path": "/dev/disk", "type": "b", "major": major, "minor": minor,
         "fileMode": 0o660, "uid": 0, "gid": 0})
    rules = hosted.spec["linux"].setdefault("resources", {}).setdefault(
        "devices", [{"allow": False, "access": "rwm"}])
    if access:
        rules.append({"allow": True, "type": "b", "major": major,
                      "minor": minor, "access": access})


MOUNT = "mkdir -p /mnt && /bin/mount -t ext4 {options} /dev/disk /mnt"
USE = """
    stat -c %u:%g /mnt && echo kept > /mnt/file && chown 7:8 /mnt/file &&
    grep -c ' /mnt ext4 .*nodev' /proc/mounts && umount /mnt && echo done"""


def test_a_device_that_is_named_and_allowed(hosted, name, image, daemon):
    give(hosted, image, "rwm")
    with daemon.configured(**{"allow-mounts": "ext4"}):
        said = hosted.shell(MOUNT.format(options="") + " && " + USE, name).out
        assert said == "0:0\n1\ndone\n"
        # The ids on the disk are the container's.
        found = run("debugfs", "-R", "stat file", image).out
        assert "User:     7" in found and "Group:     8" in found
        said = hosted.shell(MOUNT.format(options="-o ro") +
                            " && cat /mnt/file && echo x > /mnt/file",
                            f"{name}b", check=False)
        assert said.out == "kept\n" and "Read-only" in said.err


@pytest.mark.parametrize("allowed, access, options, inside", [
    ("", "rwm", "", ""),  # nothing is, by default
    ("nfs,xfs", "rwm", "", ""),  # others are
    ("ext4", "", "", ""),  # not in the cgroup
    ("ext4", "rm", "", ""),  # not to write
    ("ext4", "rwm", "-o errors=panic", ""),
    ("ext4", "rwm", "-o journal_path=/dev/null", ""),
    ("ext4", "rwm", "", "unshare -U -r -m"),  # another user namespace's root
])
def test_anything_else_is_refused(hosted, name, image, daemon, allowed, access,
                                  options, inside):
    give(hosted, image, access)
    rootfs = pathlib.Path(hosted.spec["root"]["path"])
    (rootfs / "try").write_text(MOUNT.format(options=options))
    with daemon.configured(**{"allow-mounts": allowed}):
        result = hosted.shell(f"{inside} sh /try", name, check=False)
    assert result.code != 0
    assert any(text in result.err for text in REFUSED), result


def test_the_new_mount_api_sends_to_the_old(hosted, name, daemon):
    """mount(8) of today tries fsopen(2) first, and goes back on ENOSYS."""
    with daemon.configured(**{"allow-mounts": "ext4"}):
        lines = hosted.shell(
            "mkdir -p /mnt; /probe mount-anew ext4 /mnt | grep open; "
            "/probe mount-anew tmpfs /mnt | grep move", name).out
    assert lines.splitlines() == ["open ENOSYS", "move OK"]


def test_nfs_reaches_a_server(hosted, name, daemon):
    """Nobody answers at that address: the attempt is the kernel's client's."""
    if "nfs4" not in pathlib.Path("/proc/filesystems").read_text().split():
        pytest.skip("this kernel has no nfs4")
    options = "vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1,soft,timeo=1"
    script = f"mkdir -p /mnt; /bin/mount -t nfs4 -o {options} 127.0.0.1:/ /mnt"
    with daemon.configured(**{"allow-mounts": "nfs4"}):
        result = hosted.shell(script, name, check=False)
    assert "refused" in result.err
    assert not any(text in result.err for text in REFUSED)


def test_an_unknown_type_is_said_at_start(binary, disk):
    if shutil.which(binary) is None:
        pytest.skip("no binary")
    result = run(binary, "daemon", "--data-root", disk, "--run-dir", disk,
                 "--allow-mounts", "ext4,debugfs", check=False)
    assert result.code != 0
    assert "--allow-mounts" in result.err and "debugfs" in result.err
