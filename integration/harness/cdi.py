"""A device as vendors describe them in /etc/cdi, and what using it says."""

import json
import pathlib

NAME = "vendor.example/device=card0"
USE = (
    "sh", "-c", "stat -c '%u %t:%T' /dev/vendor/card0; "
    "head -c 2 /dev/vendor/card0 | wc -c; cat /usr/lib/vendor.so; "
    "echo $VENDOR; mount -o remount,rw,bind /usr/lib/vendor.so.1 || "
    "echo read-only")
USED = "0 1:5\n2\nlibrary\ncard0\nread-only\n"


def describe(library):
    """Writes it; returns the file. A node, a library, a variable, a hook."""
    edits = {
        "deviceNodes": [{"path": "/dev/vendor/card0", "hostPath": "/dev/zero"}],
        "mounts": [{"hostPath": str(library),
                    "containerPath": "/usr/lib/vendor.so.1",
                    "options": ["ro", "nosuid", "nodev", "rbind", "rprivate"]}],
        "env": ["VENDOR=card0"],
        "hooks": [{"hookName": "createContainer", "path": "/bin/ln",
                   "args": ["ln", "-s", "vendor.so.1", "usr/lib/vendor.so"]}],
    }
    kind, device = NAME.split("=")
    file = pathlib.Path("/etc/cdi/vendor.json")
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({
        "cdiVersion": "0.5.0", "kind": kind,
        "devices": [{"name": device, "containerEdits": edits}]}))
    return file
