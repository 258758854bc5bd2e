"""An OCI bundle and the runtime's own command line."""

import json
import pathlib
import subprocess

from harness.command import run
from harness.terminal import Terminal


class Bundle:
    def __init__(self, runtime, path, rootfs):
        self.runtime, self.path = str(runtime), pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        run(runtime, "spec", "--bundle", self.path)
        self.spec = json.loads((self.path / "config.json").read_text())
        self.spec["root"] = {"path": str(rootfs), "readonly": False}
        self.spec["process"]["terminal"] = False
        self.spec["process"]["args"] = ["true"]
        self.used, self.globals = [], []

    def save(self, **process):
        self.spec["process"].update(process)
        self.write(json.dumps(self.spec))
        return self

    def write(self, text):
        (self.path / "config.json").write_text(text)

    def arguments(self, command, *args, globals_=()):
        where = (["--bundle", self.path]
                 if command in ("run", "create") else [])
        if where and args:
            self.used.append(args[-1])
        return [self.runtime, *self.globals, *globals_, command, *where,
                *args]

    def __call__(self, command, *args, check=True, globals_=(), **options):
        """`bundle("run", "name")` runs `sysbox-runc run --bundle … name`."""
        return run(*self.arguments(command, *args, globals_=globals_),
                   check=check, **options)

    def terminal(self, command, *args, **options):
        return Terminal(*self.arguments(command, *args), **options)

    def shell(self, script, name, **options):
        """`run`s a shell script and returns what it says."""
        self.save(args=["sh", "-c", script])
        return self("run", name, **options)

    def start(self, name, *args, options=()):
        """create + start, detached; returns the pid."""
        self.save(args=list(args or ("sleep", "1000")))
        self.detached("create", *options, name)
        self("start", name)
        return self.state(name)["pid"]

    def detached(self, command, *args, globals_=(), **options):
        """The container inherits stdout: nobody may wait for its end."""
        out = self.path / "output"
        with open(out, "ab") as file:
            done = subprocess.run(
                list(map(str, self.arguments(command, *args,
                                             globals_=globals_))),
                stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                timeout=60, **options)
        assert done.returncode == 0, out.read_text()
        return out

    def state(self, name):
        return json.loads(self("state", name).out)

    def remove_all(self):
        for name in self.used:
            self("delete", "--force", name, check=False)
