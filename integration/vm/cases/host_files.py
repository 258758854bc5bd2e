"""What is on the guest's disk, to tell what an installation left there."""

import hashlib
import json
import os
import pathlib

SAVED = pathlib.Path("/var/lib/sysbox-vm/files.json")
PLACES = ("/etc", "/usr/bin", "/usr/sbin", "/usr/lib/systemd",
          "/usr/lib/sysctl.d", "/usr/share", "/var/lib")
# Of docker, containerd and systemd, who write there as they please, and ours.
OTHERS = ("/var/lib/docker", "/var/lib/containerd", "/var/lib/systemd",
          "/var/lib/sysbox-vm", "/etc/resolv.conf", "/etc/.updated")


def content(path):
    if path.is_symlink():
        return os.readlink(path)
    if not path.is_file() or not path.is_relative_to("/etc"):
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def snapshot():
    """path -> what it is, for what is in PLACES."""
    found = {}
    for place in PLACES:
        for directory, names, files in os.walk(place):
            names[:] = [name for name in names
                        if f"{directory}/{name}" not in OTHERS]
            for name in names + files:
                path = pathlib.Path(directory, name)
                if str(path) not in OTHERS:
                    found[str(path)] = content(path)
    return found


def differences(before, after):
    return sorted(path for path in before.keys() | after.keys()
                  if before.get(path) != after.get(path))


def save(found):
    SAVED.write_text(json.dumps(found))


def load():
    return json.loads(SAVED.read_text())
