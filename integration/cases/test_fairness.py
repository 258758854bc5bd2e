"""A container that asks for everything at once, again and again, does not
keep another one waiting, nor does what it holds make the daemon grow."""

import json
import os
import pathlib
import re
import shutil

import pytest

from harness.waiting import until

# Opens, reads and closes, in microseconds: the median, and what 99 % keep.
MEASURE = """
import json, sys, time
def took(path):
    start = time.perf_counter()
    with open(path, "rb") as file:
        file.read()
    return time.perf_counter() - start
result = {}
for path in sys.argv[1:]:
    times = sorted(took(path) for _ in range(1000))
    result[path] = [times[500] * 1e6, times[990] * 1e6]
print(json.dumps(result))
"""
PATHS = ("/proc/meminfo", "/proc/uptime", "/proc/sys/kernel/hostname",
         "/proc/sys/vm/swappiness")
GREEDY = ("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do "
          "(while :; do echo >> /rounds; cat /proc/stat /proc/meminfo "
          "/proc/loadavg /proc/vmstat /proc/cpuinfo > /dev/null; "
          "find /proc/sys /sys/devices /sys/class -type f "
          "-exec cat {} + > /dev/null 2>&1; done) & done; wait")
# Of a machine that does much else at the time; a round trip takes some 30 us.
PATIENCE_US = 200_000


# Files read in pieces and whole, files polled, names and namespaces.
HOLD = """
import ctypes, os, resource, select, socket
libc = ctypes.CDLL(None)
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
held = []
for i in range(min(most - 100, 9000)):
    path = "/proc/" + ("stat", "meminfo", "cpuinfo")[i % 3]
    held.append(os.open(path, os.O_RDONLY))
    os.read(held[-1], 1 if i % 9 else 1 << 16)
poller = select.epoll()
for i in range(2000):
    held.append(os.open("/proc/sys/kernel/hostname", os.O_RDONLY))
    poller.register(held[-1], select.EPOLLERR)
for i in range(1000):
    socket.sethostname(str(i))
    with open("/proc/sys/kernel/core_pattern", "w") as file:
        file.write(str(i) * 1000)
    assert not os.path.exists(f"/proc/sys/kernel/{i}")
    assert not libc.unshare(0x0c000000)
    for path in ("/proc/sys/kernel/hostname", "/proc/sys/kernel/shmmni"):
        open(path).read()
"""


@pytest.fixture
def box(docker):
    if shutil.which("python3", path="/usr/bin") is None:
        pytest.skip("python3")
    options = ["-e", "PATH=/usr/bin:/bin", "--net=none"]
    for name in ("/usr", "/lib", "/lib64"):
        if os.path.exists(name):
            options += ["-v", f"{os.path.realpath(name)}:{name}:ro"]
    return docker.start_container(options=options)


@pytest.fixture
def measure(docker, box):
    return lambda: json.loads(docker("exec", "-i", box, "python3", "-", *PATHS,
                                     input=MEASURE, timeout=300).out)


def test_a_greedy_container_starves_nobody(docker, measure):
    before = measure()
    # Fewer CPU shares than all others, so that it is us who are measured.
    greedy = docker.start_container(
        "sh", "-c", GREEDY, options=["--net=none", "--cpu-shares", "2"])
    until(lambda: int(docker.shell(
        greedy, "cat /rounds 2>/dev/null | wc -l")) >= 16, seconds=120)
    during = measure()
    for path in PATHS:
        print(f"{path}: median {before[path][0]:.0f} us, with the other "
              f"{during[path][0]:.0f}; 99 % within {before[path][1]:.0f} us, "
              f"{during[path][1]:.0f}")
        assert during[path][1] < PATIENCE_US, (path, before, during)


def resident(daemon):
    """KiB, of the daemon and its children."""
    total = 0
    for entry in pathlib.Path("/proc").iterdir():
        try:
            status = (entry / "status").read_text()
        except OSError:  # gone, or no process
            continue
        pid, parent, rss = (
            int(found.group(1)) if found else 0 for found in
            (re.search(rf"^{key}:\s+(\d+)", status, re.M)
             for key in ("Pid", "PPid", "VmRSS")))
        if daemon.process.pid in (pid, parent):
            total += rss
    return total


def test_what_a_container_holds_does_not_grow_the_daemon(docker, daemon, box):
    sizes = [resident(daemon)]
    for _ in range(3):
        docker("exec", "-i", box, "python3", "-", input=HOLD, timeout=300)
        sizes.append(resident(daemon))
    # Some 8 MiB are kept for a container, and malloc() has its share.
    assert sizes[-1] < sizes[0] + 24 * 1024, sizes
