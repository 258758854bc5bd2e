"""The end of patience with one case.

A process that waits for a FUSE server which does not answer cannot be killed,
and who waits for it waits, too: the whole run would. When a case has taken too
long, says where everybody stands, ends the FUSE connections that have come
since the run began, and fails the case. Those of a run beside it, too: whose
they are, nobody can tell."""

import contextlib
import pathlib
import signal
import subprocess
import sys
import tempfile


@contextlib.contextmanager
def fuse_connections():
    """fusectl's directories, one per connection; none where it has none."""
    with tempfile.TemporaryDirectory() as place:
        mount = ["mount", "-t", "fusectl", "fusectl", place]
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
        try:
            yield [pathlib.Path(place, entry.name)
                   for entry in pathlib.Path(place).iterdir()]
        finally:
            if mounted:
                subprocess.run(["umount", "-l", place], check=True)


def connection_names():
    with fuse_connections() as connections:
        return {connection.name for connection in connections}


def end_connections(known):
    with fuse_connections() as connections:
        for connection in connections:
            if connection.name not in known:
                (connection / "abort").write_text("1")


def unkillable_threads():
    """Who is in uninterruptible sleep, and where in the kernel."""
    for thread in pathlib.Path("/proc").glob("[0-9]*/task/[0-9]*"):
        try:
            name, _, rest = (thread / "stat").read_text().rpartition(")")
            if rest.split()[0] == "D":
                yield f"{name}) {(thread / 'stack').read_text()}"
        except OSError:
            continue  # ended since


class Impatience(Exception):
    """The case did not end in time."""


@contextlib.contextmanager
def limit(seconds, known):
    """Raises Impatience in the body, whatever it waits for, after `seconds`.
    FUSE connections that are in `known` are left alone."""
    def give_up(*_):
        print(*unkillable_threads(), sep="\n", file=sys.stderr)
        end_connections(known)
        raise Impatience(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
