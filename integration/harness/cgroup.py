"""Where a process is in the cgroup hierarchies, v1, v2 and both."""

import os
import pathlib


def _mounts():
    """controller (or "" for v2) -> mount point"""
    found = {}
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        kind, _, options = rest.split(" ", 2)
        where = fields.split(" ")[4]
        if kind == "cgroup2":
            found.setdefault("", where)
        elif kind == "cgroup":
            for option in options.split(" ")[-1].split(","):
                found.setdefault(option.removeprefix("name="), where)
    return found


def of(pid):
    """controller -> directory of `pid`; "" is v2's."""
    mounts, found = _mounts(), {}
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            where = mounts.get(controller.removeprefix("name="))
            if where is not None:
                found[controller.removeprefix("name=")] = pathlib.Path(
                    where + path)
    return found


def mount_of(controller):
    """Where `controller` is mounted; "": v2."""
    return pathlib.Path(_mounts()[controller])


def limit(pid, controller, name):
    """What `name` says in the container's own directory: the one with the
    limits, above what is delegated to it."""
    directory = of(pid)[controller]
    if directory.name in ("syscont-cgroup-root", "init.scope"):
        directory = directory.parent
    return (directory / name).read_text().strip()


def remove_empty(name):
    """The parent a dockerd was given, which runtimes leave behind."""
    for where in set(_mounts().values()):
        # Unlike rglob, it bears what others remove meanwhile.
        for path, directories, _ in os.walk(where, topdown=False):
            if name in directories:
                pathlib.Path(path, name).rmdir()
