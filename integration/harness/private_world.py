"""Mount and network namespaces of our own for the whole test run.

/run and /etc are copies and the account of ids is an empty one, so that a
daemon, a dockerd, subid entries and a daemon.json of the host are neither seen
nor touched; bridges and firewall rules go away with the network namespace. What
is *not* private: processes, cgroups, kernel modules."""

import ctypes
import os
import subprocess

ACCOUNT = "/var/lib/sysbox"  # where runs without a daemon keep it
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{what}: {os.strerror(errno)}")


def enter():
    _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare")
    commands = (
        ("mount", "--make-rprivate", "/"),
        ("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/mnt"),
        ("cp", "-a", "/etc/.", "/mnt"),
        ("mount", "--move", "/mnt", "/etc"),
        ("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run"),
        ("mount", "-t", "tmpfs", "-o", "mode=710", "account", ACCOUNT),
        # As systemd has it: Docker's "rshared" and "rslave" need it.
        ("mount", "--make-rshared", "/"),
        ("ip", "link", "set", "lo", "up"),
    )
    os.makedirs(ACCOUNT, exist_ok=True)  # an empty directory stays
    for command in commands:
        subprocess.run(command, check=True)
    os.makedirs("/run/lock")


def die_with_parent():
    """For Popen(preexec_fn=…): a killed test run leaves no daemon."""
    _libc.prctl(PR_SET_PDEATHSIG, 15)
