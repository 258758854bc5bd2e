"""A containerd of our own, and ctr."""

import pathlib
import signal
import subprocess

from harness.command import run
from harness.private_world import die_with_parent
from harness.waiting import until

CONFIG = """
version = 2
root = "{root}/root"
state = "{root}/state"
[grpc]
  address = "{root}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.sysbox-runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.sysbox-runc.options]
    BinaryName = "{runtime}"
"""

IMAGE = "docker.io/library/busybox:latest"


class Containerd:
    def __init__(self, root, runtime):
        self.root, self.runtime = pathlib.Path(root), str(runtime)
        self.address = self.root / "containerd.sock"
        self.process = None

    def start(self):
        self.root.mkdir(exist_ok=True)
        config = self.root / "config.toml"
        config.write_text(CONFIG.format(root=self.root, runtime=self.runtime))
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["containerd", "--config", config], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=die_with_parent)
        until(lambda: self("version", check=False).code == 0, seconds=60)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def __call__(self, *args, check=True):
        return run("ctr", "--address", self.address, *args, check=check)

    def run(self, name, *args, options=(), check=True):
        """`ctr run --rm` of busybox with our runtime."""
        return self("run", "--rm", "--runc-binary", self.runtime, *options,
                    IMAGE, name, *args, check=check)

    def start_container(self, name, *args, options=()):
        self("run", "-d", "--runc-binary", self.runtime, *options, IMAGE, name,
             *(args or ("sleep", "1000")))

    def remove(self, name):
        self("tasks", "rm", "-f", name, check=False)
        self("containers", "rm", name, check=False)
