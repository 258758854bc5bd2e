"""An OCI bundle and the runtime's own command line."""

import json
import pathlib

from harness.command import run


class Bundle:
    def __init__(self, runtime, path, rootfs):
        self.runtime, self.path = runtime, pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        run(runtime, "spec", "--bundle", self.path)
        self.spec = json.loads((self.path / "config.json").read_text())
        self.spec["root"]["path"] = str(rootfs)
        self.spec["process"]["terminal"] = False
        # A terminal's worth of columns in `ps` output is no concern here.
        self.spec["process"]["args"] = ["true"]

    def save(self, **process):
        self.spec["process"].update(process)
        (self.path / "config.json").write_text(json.dumps(self.spec))
        return self

    def __call__(self, command, *args, check=True, globals_=(), **options):
        """`bundle("run", "name")` runs `sysbox-runc run --bundle … name`."""
        where = (["--bundle", self.path]
                 if command in ("run", "create") else [])
        return run(self.runtime, *globals_, command, *where, *args,
                   check=check, **options)
