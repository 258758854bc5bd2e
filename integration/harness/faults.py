"""Faults on demand: one system call of one of our processes fails, or kills.

strace does it (`--inject`): it follows clone3 into every namespace and needs
nothing from the binary. A fault is "the Nth OPENAT of a process", so that a
run can be repeated exactly; where a moment will do, a case sleeps and kills.

    calls = faults.calls_of(disk, bundle.arguments("create", id))
    for fault in faults.failures(calls):
        ended = faults.run(disk, bundle.arguments("create", id), fault)
        assert ended.code == 1 and ended.errors == 1
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from typing import NamedTuple

import pytest

# Every occurrence of every call, rather than some of each: takes minutes.
ALL = os.environ.get("SYSBOX_FAULTS") == "all"

# Calls whose failure must be survived: not those that undo or end, nor those
# of the C library before the program begins.
FALLIBLE = frozenset("""
    accept4 access bind capget capset chdir chroot clone clone3 close_range
    connect dup2 dup3 epoll_create1 epoll_ctl epoll_wait eventfd2 execveat
    faccessat2 fchdir fchmod fchmodat fchown fchownat fcntl fdatasync flock
    fsconfig fsmount fsopen fspick fstat fstatfs fsync ftruncate getdents64
    getrandom inotify_add_watch inotify_init1 ioctl kcmp keyctl listen lseek
    memfd_create mkdir mkdirat mknod mknodat mount mount_setattr move_mount
    newfstatat open_tree openat openat2 pidfd_getfd pidfd_open
    pidfd_send_signal pipe2 pivot_root poll prctl pread64 prlimit64 pwrite64
    read readlink readlinkat recvmsg rename renameat renameat2 seccomp
    sendmsg sendto setgroups sethostname setns setpgid setresgid setresuid
    setsid setsockopt signalfd4 socket socketpair statfs statx symlinkat
    timerfd_create timerfd_settime umask umount2 unlinkat unshare waitid
    write writev
""".split())

# What a call is most likely to fail with; else ENOSPC, which all survive or
# none.
ERRORS = {"accept4": "EMFILE", "clone": "EAGAIN", "clone3": "EAGAIN",
          "execveat": "ENOMEM", "fsync": "EIO",
          "openat": "EMFILE", "pipe2": "EMFILE", "read": "EIO",
          "setns": "ENOMEM", "socket": "EMFILE", "socketpair": "EMFILE"}

SAMPLES = 5


class Fault(NamedTuple):
    """The `number`th `call` of a process: it fails with `error`, or, without
    one, `signal` arrives before it is made."""
    call: str
    number: int
    error: str = None
    signal: str = None

    def __str__(self):
        return f"{self.call} #{self.number} {self.error or self.signal}"

    def options(self):
        what = (f"error={self.error}" if self.error
                else f"signal={self.signal}")
        # strace stops a process for execve anyway: its first line is there.
        return ["-e", f"trace=execve,{self.call}",
                "-e", f"inject={self.call}:{what}:when={self.number}"]


class Ended(NamedTuple):
    code: int  # -1: killed
    output: str
    trace: str

    def lines_of_level(self, level):
        return [line for line in self.output.splitlines()
                if f"level={level} " in line]

    @property
    def errors(self):
        return len(self.lines_of_level("error"))


def available():
    if shutil.which("strace") is None:
        pytest.skip("strace is missing")


def sample(count, limit=SAMPLES):
    """Up to `limit` of 1..count: the first, the last, and between."""
    if ALL or count <= limit:
        return range(1, count + 1)
    return sorted({1 + i * (count - 1) // (limit - 1) for i in range(limit)})


def failures(calls, limit=SAMPLES):
    """A fault for the sampled occurrences of everything that can fail."""
    return [Fault(call, number, error=ERRORS.get(call, "ENOSPC"))
            for call in sorted(FALLIBLE & set(calls))
            for number in sample(calls[call], limit)]


def deaths(calls, limit=2, signal_name="KILL"):
    """Likewise for SIGKILL, before whatever call."""
    return [Fault(call, number, signal=signal_name)
            for call in sorted(set(calls) - {"execve"})
            for number in sample(calls[call], limit)]


def _end_of_first(trace):
    """How the process of the first line ended, if it has."""
    first = trace.split(" ", 1)[0]
    return re.search(rf"^{first} +\+\+\+ (?:exited with (\d+)|killed)", trace,
                     re.MULTILINE) if first else None


def _counts(trace):
    """How often each call is made, at most by one process."""
    found = {}
    for line in trace.splitlines():
        match = re.match(r"(\d+) +(\w+)\(", line)
        if match:
            of_call = found.setdefault(match[2], {})
            of_call[match[1]] = of_call.get(match[1], 0) + 1
    return {call: max(of_call.values()) for call, of_call in found.items()}


def run(disk, arguments, fault=None):
    """Runs a command with a fault in it or in what it starts; returns when
    the command itself has ended: what it leaves running is let go of."""
    available()
    trace, output = disk / "trace", disk / "output"
    trace.write_text("")
    with open(output, "w") as file:
        strace = subprocess.Popen(
            ["strace", "-f", "-q", "-o", str(trace), "-e", "signal=kill",
             *(fault.options() if fault else ()), *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    deadline = time.monotonic() + 60
    while not (ended := _end_of_first(trace.read_text())):
        if time.monotonic() > deadline:
            strace.kill()
            raise AssertionError(f"{fault}: hangs\n{trace.read_text()[-2000:]}")
        if strace.poll() is not None and not trace.read_text():
            pytest.skip("strace cannot trace here: " + output.read_text())
        time.sleep(0.005)
    strace.kill()
    strace.wait()
    code = -1 if ended[1] is None else int(ended[1])
    return Ended(code, output.read_text(), trace.read_text())


def calls_of(disk, arguments):
    """What a command that succeeds calls, and how often."""
    ended = run(disk, arguments)
    assert ended.code == 0, ended.output
    return _counts(ended.trace)


class Attached:
    """Of `with attached(...) as tracing`: what was seen, afterwards."""
    trace = ""

    @property
    def calls(self):
        return _counts(self.trace)


@contextlib.contextmanager
def attached(disk, pid, fault=None):
    """A running process and its threads suffer from `fault` meanwhile."""
    available()
    trace, output = disk / "attached", disk / "attached-output"
    trace.write_text("")
    with open(output, "w") as file:
        strace = subprocess.Popen(
            ["strace", "-f", "-o", str(trace), "-e", "signal=kill",
             *(fault.options() if fault else ()), "-p", str(pid)],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    deadline = time.monotonic() + 10
    while "attached" not in output.read_text():
        if strace.poll() is not None or time.monotonic() > deadline:
            strace.kill()
            pytest.skip("strace cannot attach: " + output.read_text())
        time.sleep(0.005)
    tracing = Attached()
    try:
        yield tracing
    finally:
        strace.send_signal(signal.SIGINT)  # it lets go of them
        strace.wait(timeout=10)
        tracing.trace = trace.read_text()
