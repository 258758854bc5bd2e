"""`sysbox daemon` for the length of a test run."""

import contextlib
import json
import pathlib
import select
import signal
import socket
import subprocess
import os

from harness.private_world import die_with_parent
from harness.waiting import until

RUN_DIR = pathlib.Path("/run/sysbox")
CONFIG = pathlib.Path("/etc/sysbox/config.json")  # of the private world


def children(pid):
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


class Daemon:
    def __init__(self, binary, data_root, log, run_dir=RUN_DIR):
        self.binary, self.data_root, self.log = binary, data_root, log
        self.run_dir, self.socket = run_dir, run_dir / "sysbox.sock"
        self.process = None

    def arguments(self):
        return ["daemon", "--data-root", self.data_root, "--run-dir",
                self.run_dir, "--log-level", "debug"]

    def start(self):
        """Returns once it says READY=1, as it would to systemd."""
        notify_path = f"{self.data_root}.notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            pathlib.Path(notify_path).unlink(missing_ok=True)
            notify.bind(notify_path)
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    [self.binary, *self.arguments()],
                    env={**os.environ, "NOTIFY_SOCKET": notify_path},
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    preexec_fn=die_with_parent)
            said = b""
            while b"READY=1" not in said:  # but, say, FDSTORE=1
                ready, _, _ = select.select([notify], [], [], 20)
                assert ready, "it never became ready:\n" + self.read_log()
                said = notify.recv(4096)

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(timeout=20)
        self.process = None

    @contextlib.contextmanager
    def configured(self, **values):
        """With other defaults, for a while."""
        CONFIG.parent.mkdir(exist_ok=True)
        CONFIG.write_text(json.dumps(values))
        self.stop()
        self.start()
        try:
            yield
        finally:
            CONFIG.unlink()
            self.stop()
            self.start()

    def worker(self):
        """The pid of the process that does the work: it may change, and the
        dead may stay a while."""
        return until(lambda: children(self.process.pid))[-1]

    def descriptors(self):
        """The directory of what the worker has open."""
        return pathlib.Path(f"/proc/{self.worker()}/fd")

    def read_log(self):
        return pathlib.Path(self.log).read_text()
