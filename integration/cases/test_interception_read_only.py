"""A procfs that is made read-only, or of a network namespace that left others
behind: what lies over it is as it is, whichever call says so."""

import shutil

import pytest

from harness.calls import python

PROC = """
import struct
AT_FDCWD, EMPTY_PATH, RECURSIVE, CLONE, READ_ONLY = -100, 0x1000, 0x8000, 1, 1
os.makedirs("/tmp/p", exist_ok=True)
os.makedirs("/tmp/q", exist_ok=True)
def attributes(set=0, clear=0):
    return struct.pack("QQQQ", set, clear, 0, 0)
def move(tree):
    call("move", 429, tree, b"", AT_FDCWD, b"/tmp/p", 4)
def write(place="/tmp/p"):
    for name in ("/sys/vm/swappiness", "/sys/net/ipv4/ip_default_ttl"):
        try:
            os.close(os.open(place + name, os.O_WRONLY))
            print("writable")
        except OSError as error:
            print(error.strerror)
"""
SET = 'call("set", 442, {}, {}, {}, attributes({}), 32)\n'
REFUSED = ["Read-only file system"] * 2
WRITABLE = ["writable"] * 2


def said_by(hosted, name, script):
    lines = python(hosted, name, PROC + script)
    return [line for line in lines if "writable" in line or "file" in line]


def test_mount_setattr_of_one_mount(hosted, name):
    assert said_by(hosted, name, """
libc.mount(b"p", b"/tmp/p", b"proc", 0, None)
write()
""" + SET.format("AT_FDCWD", 'b"/tmp/p"', 0, "READ_ONLY") + "write()\n"
        + SET.format("AT_FDCWD", 'b"/tmp/p"', 0, "0, READ_ONLY") + """write()
place = os.open("/tmp/p", os.O_PATH)
""" + SET.format("place", 'b""', "EMPTY_PATH", "READ_ONLY") + "write()\n"
    ) == WRITABLE + REFUSED + WRITABLE + REFUSED


@pytest.mark.parametrize("tree", [
    'libc.syscall(428, AT_FDCWD, b"/proc", CLONE)',
    'libc.syscall(428, AT_FDCWD, b"/proc", CLONE | RECURSIVE)'])
def test_a_clone_that_is_made_read_only(hosted, name, tree):
    flags = "EMPTY_PATH" + (" | RECURSIVE" if "RECURSIVE" in tree else "")
    assert said_by(hosted, name, f"tree = {tree}\n" + SET.format(
        "tree", 'b""', flags, "READ_ONLY") + "move(tree)\nwrite()\n"
    ) == REFUSED


def test_a_procfs_that_is_made_read_only(hosted, name):
    assert said_by(hosted, name, """
context = libc.syscall(430, b"proc", 0)
call("create", 431, context, 6, None, None, 0)
move(libc.syscall(432, context, 0, READ_ONLY))
write()
""") == REFUSED


def test_a_bind_of_one_that_is(hosted, name):
    assert said_by(hosted, name, """
libc.mount(b"p", b"/tmp/p", b"proc", READ_ONLY, None)
libc.mount(b"/tmp/p", b"/tmp/q", None, 4096, None)
write("/tmp/q")
""") == REFUSED


def test_an_unmount_with_flags_that_do_not_exist(hosted, name):
    assert python(hosted, name, """
call("umount", 166, b"/proc", 0x40)
print(os.path.exists("/proc/uptime"))
""") == ["umount Invalid argument", "True"]


SANDBOX = ("bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp "
           "--unshare-all ")


@pytest.mark.parametrize("user", ["root", "app"])
def test_bubblewrap_with_no_network(hosted, name, user):
    """It makes each mount of the list read-only, by its path."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is missing")
    assert hosted.shell(
        f"/bin/su {user} -c '{SANDBOX} cat /proc/1/comm; {SANDBOX} touch /tmp/x; "
        f"{SANDBOX} touch /var/x'", name, check=False
    ).out == "bwrap\n"


def test_what_is_left_behind_becomes_read_only(hosted, name):
    remount = "mount -n -o remount,bind,ro,nosuid,nodev,noexec"
    assert hosted.shell(f"""
        exec 3</proc/sys/net/core
        unshare -n sh -c '{remount} /proc/sys/net/core &&
                          {remount} /proc/uptime && {remount} /proc/cpuinfo'
        echo 1 >/proc/sys/net/core/somaxconn
        grep " /proc/sys/net/core " /proc/self/mounts | cut -c1-40
        unshare -n {remount} /proc/sys/net/ipv4; echo $?""", name,
        check=False).out == "sysbox /proc/sys/net/core fuse ro,nosuid\n32\n"
