"""A dockerd of our own, apart from any other on the host."""

import json
import os
import pathlib
import signal
import subprocess
import time

from harness.command import run
from harness.private_world import die_with_parent
from harness.terminal import Terminal

RUNTIME = "sysbox-runc"


class Docker:
    """`docker.run("id")` is `docker run --rm --runtime sysbox-runc IMAGE id`.

    `prefix` is what starts dockerd, such as `unshare -n`: a second one would
    take docker0 from the first."""

    def __init__(self, root, runtime_path, extra_config=None, prefix=()):
        self.root = pathlib.Path(root)
        self.socket = self.root / "docker.sock"
        self.env = {**os.environ, "DOCKER_HOST": f"unix://{self.socket}",
                    "DOCKER_CONFIG": str(self.root / "config")}
        self.config = {
            "data-root": str(self.root / "data"),
            "exec-root": str(self.root / "exec"),
            "pidfile": str(self.root / "docker.pid"),
            "hosts": [f"unix://{self.socket}"],
            "storage-driver": "overlay2",
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
            "bip": "172.31.240.1/24",
            "default-address-pools":
                [{"base": "172.31.128.0/18", "size": 24}],
            "runtimes": {RUNTIME: {"path": str(runtime_path)}},
            **(extra_config or {}),
        }
        self.prefix, self.process = prefix, None

    def _write_config(self):
        config = self.root / "daemon.json"
        config.write_text(json.dumps(self.config))
        return config

    def reload(self, changes):
        """What a running dockerd takes over, soon after."""
        self.config.update(changes)
        self._write_config()
        self.process.send_signal(signal.SIGHUP)

    def start(self):
        self.root.mkdir(parents=True, exist_ok=True)
        config = self._write_config()
        with open(self.root / "dockerd.log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, "dockerd", "--config-file", config],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=die_with_parent)
        deadline = time.monotonic() + 60
        while self("version", check=False).code != 0:
            assert self.process.poll() is None, self.read_log()
            assert time.monotonic() < deadline, self.read_log()
            time.sleep(0.2)

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.process = None
        # Made for the first --net=host, and kept for ever.
        run("umount", self.root / "exec/netns/default", check=False)

    def read_log(self):
        lines = (self.root / "dockerd.log").read_text().splitlines()
        return "\n".join(lines[-5:])

    def __call__(self, *args, check=True, **options):
        return run("docker", *args, check=check, env=self.env, **options)

    def terminal(self, *args, **options):
        """`docker ARGS…` with a user at its terminal."""
        return Terminal("docker", *args, env=self.env, **options)

    def run(self, *args, image="busybox", options=(), check=True,
            runtime=RUNTIME, **more):
        return self("run", "--rm", "--runtime", runtime, *options, image,
                    *args, check=check, **more)

    def start_container(self, *args, image="busybox", options=(),
                        runtime=RUNTIME):
        """`docker run -d`; returns the id."""
        return self("run", "-d", "--runtime", runtime, *options, image,
                    *(args or ("sleep", "1000"))).out.strip()

    def shell(self, container, script, *options, check=True):
        """What `sh -c SCRIPT` in a running container prints."""
        return self("exec", *options, container, "sh", "-c", script,
                    check=check).out

    def inspect(self, container, template):
        return self("inspect", "-f", template, container).out.strip()

    def pid(self, container):
        return int(self.inspect(container, "{{.State.Pid}}"))

    def remove_all(self):
        left = self("ps", "-aq").out.split()
        if left:
            self("rm", "-f", "-v", *left)
