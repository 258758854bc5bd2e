"""Podman on the host, with storage and networks of its own."""

import os
import pathlib

from harness.command import run

CONFIG = """
[containers]
# Podman's are more than a host without CAP_SYS_RESOURCE may give.
default_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]
[engine]
events_logger = "file"
cgroup_manager = "cgroupfs"
[network]
network_backend = "netavark"
network_config_dir = "{root}/networks"
default_subnet = "172.31.250.0/24"
"""


class Podman:
    """`podman.run("id")` is `podman run --rm --runtime … busybox id`."""

    # Its own networks and ids belong together only when it makes both.
    USERNS = "--userns=auto:size=65536"

    def __init__(self, root, runtime):
        self.root = pathlib.Path(root)
        self.root.mkdir()
        config = self.root / "containers.conf"
        config.write_text(CONFIG.format(root=root, files=4096))
        self.env = {**os.environ, "CONTAINERS_CONF": str(config)}
        self.options = ["--root", self.root / "storage", "--runroot",
                        self.root / "run", "--tmpdir", self.root / "tmp",
                        "--runtime", runtime]

    def __call__(self, *args, check=True, **options):
        return run("podman", *self.options, *args, check=check, env=self.env,
                   **options)

    def run(self, *args, options=(USERNS,), image="busybox", check=True):
        return self("run", "--rm", *options, image, *args, check=check)

    def start(self, *args, options=(USERNS,), image="busybox"):
        """`podman run -d`; returns the id."""
        return self("run", "-d", *options, image, *args).out.strip()

    def remove_all(self):
        self("pod", "rm", "-af", "-t", "0", check=False)
        self("rm", "-af", "-t", "0", "-v", check=False)
