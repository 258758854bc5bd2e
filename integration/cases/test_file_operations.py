"""Every operation on a served file gives what the kernel's procfs gives."""

import json
import os
import pathlib
import shutil

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "guest/file_operations.py"
# What the kernel serves itself, and the container's root may write, too.
NATIVE = "/proc/sys/net/ipv4/conf/lo/forwarding"
SERVED = ("/proc/sys/vm/overcommit_memory",  # private
          "/proc/sys/kernel/shm_rmid_forced",  # of a namespace
          "/sys/module/nf_conntrack/parameters/hashsize")
READ_ONLY = ("/proc/sys/kernel/ostype", "/proc/uptime", "/proc/cmdline")

# Nobody is harmed by more than procfs does, or can tell the errno.
DIFFERENT = {
    "read bytewise": {True}, "read at an odd offset": {True},
    # The directory is another file system's.
    "link": {"ENOENT", "EXDEV"}, "rmdir": {"EBUSY", "EACCES"},
    # All bytes are taken at once, not only those of the first number.
    "write two numbers": {2, 4},
    # Checked when the page is written back.
    "map to write": {None},
    # It has a size, of which the kernel's has none.
    "ioctl FIONREAD": {"02000000"}, "seek from end": {2}, "seek data": {0},
    "seek hole": {2},
    # Past the cache: the same, from the daemon.
    "open directly": {None}, "open to write directly": {None},
    "open a temporary file": {"ENOTSUP"},
    # Only the host's root may open what it names.
    "handle": {None},
    "stat": None,
}


@pytest.fixture
def with_python():
    """Options that put the host's own tools into a container."""
    if shutil.which("python3", path="/usr/bin") is None:
        pytest.skip("python3")
    options = ["-e", "PATH=/usr/bin:/bin", "--net=none",
               "-v", f"{SCRIPT}:/operations.py:ro"]
    for name in ("/usr", "/lib", "/lib64"):
        if os.path.exists(name):
            options += ["-v", f"{os.path.realpath(name)}:{name}:ro"]
    return options


@pytest.fixture
def results(docker, with_python):
    box = docker.start_container(options=with_python)

    def of(*paths):
        there = docker.shell(box, f"ls -d {' '.join(paths)}; true").split()
        return json.loads(docker("exec", box, "python3", "/operations.py",
                                 *there).out)
    return of


def test_what_can_be_written_is_like_a_sysctl(results):
    found = results(NATIVE, *SERVED[:2])
    native = found.pop(NATIVE)
    assert found
    wrong = [(path, name, result, native[name])
             for path, operations in found.items()
             for name, result in operations.items()
             if result != native[name]
             and (DIFFERENT.get(name, ()) is not None
                  and result not in DIFFERENT.get(name, ()))]
    assert wrong == []


def test_what_is_read_only_changes_nothing(results):
    for path, operations in results(*READ_ONLY).items():
        for name, result in operations.items():
            if name.startswith("write") and name != "write nothing":
                assert result in ("EACCES", "EBADF"), (path, name, result)


def test_a_mapping_is_no_way_around_the_checks(docker, with_python):
    """The kernel writes its pages back later, in nobody's name."""
    box = docker.start_container(options=with_python)
    script = """
import mmap, os
for path in ("/proc/sys/kernel/shmmni", "/proc/sys/kernel/hostname",
             "/proc/sys/vm/swappiness", "/proc/sys/vm/max_map_count"):
    fd = os.open(path, os.O_RDWR)
    before = os.pread(fd, 100, 0)
    try:
        with mmap.mmap(fd, len(before)) as area:
            area[:] = b"x" * len(before)
            area.flush()
    except OSError:
        pass
    os.close(fd)
    if open(path, "rb").read() != before:
        print(path, "changed")
"""
    assert docker("exec", "-i", box, "python3", "-", input=script).out == ""


def test_a_descriptor_of_another_namespace_is_no_way_in(docker):
    """Opened where its user is root, used where he is not."""
    box = docker.start_container(options=["--net=none"])
    script = (
        "echo 5000 > /proc/sys/kernel/shmmni\n"
        "unshare -i sh -c 'exec 3<>/proc/sys/kernel/shmmni; "
        "nsenter -t 1 -i sh -c \"cat <&3; echo 77 >&3\"' 2>&1\n"
        "cat /proc/sys/kernel/shmmni\n")
    out = docker.shell(box, script)
    assert out.endswith("\n5000\n"), out
    assert "Stale file handle" in out
    assert "77" not in out


def test_who_polls_the_hostname_is_told_of_a_change(docker, with_python):
    """As systemd's services do."""
    box = docker.start_container(options=with_python)
    script = """
import select, socket
with open("/proc/sys/kernel/hostname") as file:
    poller = select.epoll()
    poller.register(file, select.EPOLLERR)
    print(poller.poll(0))
    for name in ("first", "second"):
        socket.sethostname(name)
        print(poller.poll(20) != [], open(file.name).read().strip())
"""
    out = docker("exec", "-i", box, "python3", "-", input=script).out
    assert out.splitlines() == ["[]", "True first", "True second"]
