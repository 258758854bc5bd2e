"""File systems, nodes and attributes that software inside makes."""

import io
import os
import pathlib
import shutil
import tarfile

import pytest


def supports(filesystem):
    names = pathlib.Path("/proc/filesystems").read_text().split()
    return filesystem in names


@pytest.mark.parametrize("mount, check", [
    ("-t tmpfs t", "touch /mnt/f"),
    ("-t devpts -o newinstance,ptmxmode=666 d", "test -c /mnt/ptmx"),
    ("-t mqueue q", "touch /mnt/queue"),
    ("-t ramfs r", "touch /mnt/f"),
    ("-t overlay -o lowerdir=/bin,upperdir=/tmp/u,workdir=/tmp/w,userxattr o",
     "rm /mnt/ls && mkdir /mnt/d && test -c /tmp/u/ls"),
])
def test_what_a_user_namespace_may_mount(hosted, name, mount, check):
    said = hosted.shell(f"mkdir -p /mnt /tmp/u /tmp/w && mount {mount} /mnt "
                        f"&& {check} && umount /mnt && echo done", name).out
    assert said == "done\n"


def test_cgroups_can_be_mounted(hosted, name):
    script = """
        mkdir -p /mnt
        if grep -q '^0::' /proc/self/cgroup && mount -t cgroup2 c /mnt; then
            test -e /mnt/cgroup.procs && umount /mnt && echo v2
        fi
        if grep -q ':pids:' /proc/self/cgroup &&
           mount -t cgroup -o pids c /mnt; then
            mkdir /mnt/sub && rmdir /mnt/sub && umount /mnt && echo v1
        fi"""
    assert hosted.shell(script, name, check=False).out.split()


def test_formats_of_programs_are_the_containers_own(hosted, name):
    if not supports("binfmt_misc"):
        pytest.skip("this kernel has no binfmt_misc")
    script = """
        cd /proc/sys/fs/binfmt_misc && mount -t binfmt_misc b . &&
        cd /proc/sys/fs/binfmt_misc && echo ':probe:M::XYZ::/bin/echo:' \
            > register && cat probe && echo XYZ > /tmp/x && chmod +x /tmp/x &&
        /tmp/x"""
    said = hosted.shell(script, name).out
    assert "interpreter /bin/echo" in said
    assert said.endswith("/tmp/x\n")
    assert not os.path.exists("/proc/sys/fs/binfmt_misc/probe")


def test_a_fuse_file_system(hosted, name):
    if shutil.which("bindfs") is None:
        pytest.skip("bindfs is missing")
    script = """
        mkdir -p /tmp/from /tmp/to && echo through > /tmp/from/file
        rm -f /dev/fuse; mknod -m 666 /dev/fuse c 10 229 &&
        bindfs /tmp/from /tmp/to && cat /tmp/to/file &&
        grep -c '/tmp/to fuse' /proc/mounts; umount /tmp/to && echo done"""
    assert hosted.shell(script, name).out == "through\n1\ndone\n"


TUNNEL = """
import fcntl, struct
request = struct.pack("16sH22x", b"probe0", 1)  # TUNSETIFF, IFF_TUN
tunnel = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tunnel, 0x400454ca, request)
print(open("/proc/net/dev").read())
"""


def test_a_tunnel_device_can_be_made_and_used(hosted, name):
    rootfs = pathlib.Path(hosted.spec["root"]["path"])
    (rootfs / "tunnel.py").write_text(TUNNEL)
    said = hosted.shell("rm -rf /dev/net; mkdir /dev/net && "
                        "mknod /dev/net/tun c 10 200 && python3 /tunnel.py",
                        name).out
    assert "probe0:" in said
    assert "probe0:" not in pathlib.Path("/proc/net/dev").read_text()


def add_node(archive, name, major, minor):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.CHRTYPE, 0o666
    entry.devmajor, entry.devminor = major, minor
    archive.addfile(entry)


def test_a_root_file_system_with_devices_is_unpacked(hosted, name, disk):
    nodes = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8),
             "urandom": (1, 9), "tty": (5, 0), "console": (5, 1),
             "ptmx": (5, 2), "fuse": (10, 229), "tun": (10, 200)}
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for node, device in nodes.items():
            add_node(archive, f"dev/{node}", *device)
        add_node(archive, "dev/kmsg", 1, 11)
        add_node(archive, "usr/.gone", 0, 0)
    rootfs = pathlib.Path(hosted.spec["root"]["path"])
    (rootfs / "nodes.tar").write_bytes(data.getvalue())
    said = hosted.shell("mkdir /tmp/root && tar -C /tmp/root -xpf /nodes.tar "
                        "&& echo done", name).out
    assert said == "done\n"
    made = {path.name: os.stat(path).st_rdev
            for path in (rootfs / "tmp/root/dev").iterdir()}
    # Nobody gets the host's log.
    assert made == {**{node: os.makedev(*device)
                       for node, device in nodes.items()},
                    "kmsg": os.makedev(1, 3)}
    assert os.stat(rootfs / "tmp/root/usr/.gone").st_rdev == 0


def test_paths_that_begin_at_ones_own_files(hosted, name):
    """Others cannot follow them: for nobody else is there a /proc/self."""
    said = hosted.shell("""
        mkdir -p /tmp/d/p /tmp/d/q && cd /tmp/d && exec 5</tmp/d
        mknod /proc/self/fd/5/null c 1 3 && mknod /dev/fd/5//zero c 1 5 &&
        mknod /proc/self/cwd/full c 1 7 &&
        mknod /proc/thread-self/root/tmp/d/tty c 5 0; ls
        python3 -c 'import ctypes
mount = ctypes.CDLL(None).mount
print(mount(b"p", b"/proc/self/fd/5/p", b"proc", 0, None),
      mount(b"p", b"/proc/self/cwd/q", b"proc", 0, None))'
        grep -c "/tmp/d/[pq]/uptime" /proc/mounts
        for path in fd/77/x fd/5/none/x fd/5/null/x fd/x fd; do
            mknod /proc/self/$path c 1 3 2>&1 | sed "s/.*: //"
        done""", name).out
    assert said.splitlines() == [
        "full", "null", "p", "q", "tty", "zero", "0 0", "2",
        "No such file or directory", "No such file or directory",
        "Not a directory", "No such file or directory", "File exists"]


@pytest.mark.parametrize("path", ["/dev/kmsg", "/tmp/kmsg"])
def test_a_kernel_log_in_which_nothing_stands(hosted, name, path):
    """Its readers start, and are told that there is nothing to wait for."""
    said = hosted.shell(f"test -e {path} || mknod {path} c 1 11; "
                        f"/probe kernel-log {path}", name).out
    assert said.splitlines() == [
        "open OK", "seek OK", "read 0", "open for both OK", "epoll EPERM",
        "write OK", "read 0"]


def test_capabilities_of_files_are_the_kernels(hosted, name):
    hosted.spec["process"]["noNewPrivileges"] = False
    said = hosted.shell("""
        cp /bin/busybox /tmp/grep && setcap cap_net_raw,cap_mknod+ep /tmp/grep
        getcap /tmp/grep; /bin/su app -c '/tmp/grep CapEff /proc/self/status'
        """, name).out
    assert said.splitlines() == ["/tmp/grep cap_net_raw,cap_mknod=ep",
                                 "CapEff:\t0000000008002000"]


XATTR = """
import os
for action in (lambda: os.setxattr("/tmp/d", NAME, b"y"),
               lambda: os.getxattr("/tmp/d", NAME),
               lambda: os.getxattr(os.open("/tmp/d", 0), NAME),
               lambda: NAME in os.listxattr("/tmp/d"),
               lambda: os.setxattr("/tmp/d", NAME, b"y", os.XATTR_CREATE),
               lambda: os.removexattr("/tmp/d", NAME),
               lambda: os.getxattr("/tmp/d", NAME)):
    try:
        print(action())
    except OSError as error:
        print(error.strerror)
"""


def xattrs(hosted, container, attribute, user="root"):
    script = XATTR.replace("NAME", repr(attribute))
    said = hosted.shell(f"touch /tmp/d; chown {user} /tmp/d; "
                        f"cat > /tmp/xattr.py << 'EOF'\n{script}\nEOF\n"
                        f"/bin/su {user} -c 'python3 /tmp/xattr.py'", container)
    return said.out.splitlines()


def test_overlays_opaque_attribute_where_it_is_allowed(hosted, name):
    hosted.spec["process"]["env"].append("SYSBOX_ALLOW_TRUSTED_XATTR=TRUE")
    opaque = "trusted.overlay.opaque"
    assert xattrs(hosted, name, opaque) == [
        "None", "b'y'", "b'y'", "False", "File exists", "None",
        "No data available"]
    assert set(xattrs(hosted, f"{name}b", "trusted.other")) <= {
        "Operation not permitted", "No data available", "False"}
    assert set(xattrs(hosted, f"{name}c", opaque, "app")) <= {
        "Operation not permitted", "No data available", "False"}


def test_elsewhere_it_is_not(hosted, name):
    said = xattrs(hosted, name, "trusted.overlay.opaque")
    assert said[0] == "Operation not permitted"
    # What overlay uses in a user namespace.
    assert xattrs(hosted, f"{name}b", "user.overlay.opaque")[:2] == [
        "None", "b'y'"]


@pytest.mark.parametrize("ignored", [True, False])
def test_chown_of_sys(hosted, name, ignored):
    if ignored:
        hosted.spec["process"]["env"].append(
            "SYSBOX_IGNORE_SYSFS_CHOWN=TRUE")
    said = hosted.shell("""
        for file in /sys /sys/kernel; do
            chown 0:0 $file 2> /dev/null; echo $?
            chown -h 0:0 $file 2> /dev/null; echo $?
        done
        touch /tmp/f && chown 7:8 /tmp/f && stat -c %u:%g /tmp/f""", name).out
    root = "0" if ignored else "1"
    assert said.split() == [root, root, "1", "1", "7:8"]
