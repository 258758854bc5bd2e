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
    "unlink": {"EPERM"}, "rename": {"EPERM"}, "link": {"EPERM"},
    "symlink": {"EPERM"}, "mkdir": {"EPERM"}, "mkfifo": {"EPERM"},
    "create": {"EACCES"}, "rmdir": {"EPERM", "EBUSY", "EACCES"},
    # All bytes are taken at once, not only those of the first number.
    "write two numbers": {2, 4},
    # Refused when the page is written back.
    "map to write": {None},
    "stat": None,
}


@pytest.fixture
def results(docker, shared_rootfs):
    if shutil.which("python3", path="/usr/bin") is None:
        pytest.skip("python3")
    options = ["-e", "PATH=/usr/bin:/bin", "--net=none",
               "-v", f"{SCRIPT}:/operations.py:ro"]
    for name in ("/usr", "/lib", "/lib64"):
        if os.path.exists(name):
            options += ["-v", f"{os.path.realpath(name)}:{name}:ro"]
    box = docker.start_container(options=options)

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


def test_a_mapping_is_no_way_around_the_checks(docker):
    """The kernel writes its pages back later, in nobody's name."""
    options = ["-e", "PATH=/usr/bin:/bin", "--net=none"]
    for name in ("/usr", "/lib", "/lib64"):
        if os.path.exists(name):
            options += ["-v", f"{os.path.realpath(name)}:{name}:ro"]
    box = docker.start_container(options=options)
    script = """
import mmap, os
for path in ("/proc/sys/kernel/shmmni", "/proc/sys/kernel/hostname",
             "/proc/sys/vm/swappiness", "/proc/sys/vm/max_map_count"):
    fd = os.open(path, os.O_RDWR)
    before = os.pread(fd, 100, 0)
    try:
        with mmap.mmap(fd, len(before)) as area:
            area[:] = b"7" * len(before)
            area.flush()
        print(path, "no error")
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
    assert out.count("tale") == 2, "a stale file handle: " + out
