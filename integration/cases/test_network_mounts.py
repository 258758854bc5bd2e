"""--allow-mounts=nfs,cifs against servers: what is mounted over a container's
network is its own to use, with its ids."""

import contextlib
import os
import pathlib
import shutil
import subprocess

import pytest

from harness import images, network_servers as servers
from harness.bundle import Bundle

ALLOWED = {"allow-mounts": "nfs,nfs4,cifs"}
REFUSED = ("ermission denied", "not permitted", "must be superuser")


HELPERS = ("mount.nfs", "mount.nfs4", "umount.nfs", "mount.cifs")


@pytest.fixture
def box(runtime, disk, daemon, name):
    """Runs a script in a container that reaches the servers, and has the
    host's programs."""
    for helper in HELPERS:
        if shutil.which(helper) is None:
            pytest.skip(f"{helper} (nfs-common, cifs-utils) is missing")
    rootfs = images.make_busybox_rootfs(disk / "rootfs")
    for helper in HELPERS:
        (rootfs / "sbin" / helper).symlink_to(f"/usr/sbin/{helper}")
    for library in ("lib", "lib64"):
        (rootfs / library).symlink_to(f"usr/{library}")
    shutil.copy2("/etc/netconfig", rootfs / "etc")
    (rootfs / "mnt").mkdir()
    bundle = Bundle(runtime, disk / "bundle", rootfs)
    bundle.spec["mounts"].append(
        {"type": "bind", "source": "/usr", "destination": "/usr",
         "options": ["rbind", "ro"]})
    pid = bundle.start(name)
    servers.connect(pid)

    def shell(script, **options):
        # A server that does not answer is waited for without end.
        return bundle("exec", name, "timeout", "-s", "KILL", "60", "sh", "-c",
                      script, stdin=subprocess.DEVNULL, **options)

    maps = pathlib.Path(f"/proc/{pid}/uid_map").read_text()
    shell.first_id = int(maps.split()[1])
    yield shell
    bundle.remove_all()


@pytest.fixture(scope="module")
def allowed(daemon):
    with daemon.configured(**ALLOWED):
        yield


@pytest.fixture
def shared(disk):
    directory = disk / "shared"
    directory.mkdir()
    directory.chmod(0o777)
    (directory / "roots").write_text("of the server's root\n")
    (directory / "roots").chmod(0o600)
    return directory


MOUNT_NFS = (f"/usr/bin/mount -t nfs -o vers=4.2 {servers.ADDRESS}:/ /mnt")
MOUNT_CIFS = (f"/usr/bin/mount -t cifs //{servers.ADDRESS}/share /mnt "
              f"-o username=root,password={servers.PASSWORD}")


def test_without_the_option(disk, shared, box):
    for mount in (MOUNT_NFS, MOUNT_CIFS):
        result = box(mount, check=False)
        assert result.code != 0
        assert any(text in result.err for text in REFUSED), result


def owner(path):
    status = os.stat(path)
    return status.st_uid, status.st_gid


@contextlib.contextmanager
def reached(server, box):
    """What a case that fails has mounted would wait for it for ever."""
    with server:
        try:
            yield
        finally:
            box("while /bin/umount -l /mnt 2>/dev/null; do :; done")


def test_nfs(disk, shared, allowed, box):
    with reached(servers.nfs(disk, shared), box):
        said = box(f"""{MOUNT_NFS} && cd /mnt &&
            echo kept > file && mkdir sub && cat file &&
            /bin/su app -c 'echo users > users' && rm sub/../file &&
            stat -c %u:%g users sub roots && ! cat roots &&
            ! chown 0:0 roots && ! mknod x b 8 0 &&
            grep -c ' /mnt nfs4 .*nosuid.*nodev' /proc/mounts &&
            cd / && /usr/bin/umount /mnt""").out
    assert said.splitlines() == ["kept", "1000:1000", "0:0", "65534:65534",
                                 "1"]
    first = box.first_id
    assert owner(shared / "users") == (first + 1000, first + 1000)
    assert owner(shared / "sub") == (first, first)


def test_cifs(disk, shared, allowed, box):
    with reached(servers.smb(disk, shared), box):
        box(f"{MOUNT_CIFS} && echo kept > /mnt/file")
        assert box("cat /mnt/file && stat -c %u:%g /mnt/file && "
                   "grep ' /mnt cifs ' /proc/mounts | cut -d, -f2,3"
                   ).out.split() == ["kept", "0:0", "nosuid,nodev"]
        assert (shared / "file").read_text() == "kept\n"
        box("/usr/bin/umount /mnt")
        box(f"{MOUNT_CIFS},uid=7,gid=8,file_mode=0640")
        assert box("cat /mnt/file && stat -c %u:%g:%a /mnt/file"
                   ).out.split() == ["kept", "7:8:640"]
        box("/usr/bin/umount /mnt")
        # An id that the container has not.
        for unknown in ("uid", "gid"):
            result = box(f"{MOUNT_CIFS},{unknown}=4000000000", check=False)
            assert result.code != 0 and "nvalid argument" in result.err
