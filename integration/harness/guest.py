"""The guest probe: a static program that attacks from inside."""

import os
import pathlib
import shutil

from harness.bundle import Bundle


def probe_path(binary):
    """Built beside the binary under test: //integration/guest:probe."""
    path = os.environ.get("SYSBOX_PROBE")
    if path is None:
        path = pathlib.Path(binary).parent.parent / "integration/guest/probe"
    return pathlib.Path(path)


def narrow_path(probe):
    """Its 32-bit neighbour."""
    return pathlib.Path(probe).parent / "narrow"


def make_rootfs(root, probe):
    """A rootfs that holds nothing but the probe."""
    for directory in ("proc", "sys", "dev", "tmp", "etc", "dir"):
        (root / directory).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    shutil.copy2(probe, root / "probe")
    return root


class Guest(Bundle):
    """`guest.attack(name, "fds")` is what `probe fds` prints as pid 1."""

    def __init__(self, runtime, path, probe):
        self.rootfs = make_rootfs(path / "rootfs", probe)
        super().__init__(runtime, path, self.rootfs)

    def attack(self, name, *attack, **options):
        self.save(args=["/probe", *map(str, attack)])
        return self("run", name, **options).out.splitlines()

    def attack_by_exec(self, name, *attack, options=(), **more):
        return self("exec", *options, name, "/probe", *map(str, attack),
                    **more).out.splitlines()

    def bind(self, source, target, *options):
        self.spec["mounts"].append(
            {"type": "bind", "source": str(source), "destination": target,
             "options": ["rbind", *options]})
