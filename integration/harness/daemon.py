"""`sysbox daemon` for the length of a test run."""

import pathlib
import select
import signal
import socket
import subprocess
import os

from harness.private_world import die_with_parent

RUN_DIR = pathlib.Path("/run/sysbox")


class Daemon:
    def __init__(self, binary, data_root, log, run_dir=RUN_DIR):
        self.binary, self.data_root, self.log = binary, data_root, log
        self.run_dir, self.socket = run_dir, run_dir / "sysbox.sock"
        self.process = None

    def start(self):
        """Returns once it says READY=1, as it would to systemd."""
        notify_path = f"{self.data_root}.notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            pathlib.Path(notify_path).unlink(missing_ok=True)
            notify.bind(notify_path)
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    [self.binary, "daemon", "--data-root", self.data_root,
                     "--run-dir", self.run_dir, "--log-level", "debug"],
                    env={**os.environ, "NOTIFY_SOCKET": notify_path},
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    preexec_fn=die_with_parent)
            ready, _, _ = select.select([notify], [], [], 20)
            assert ready, "the daemon never became ready:\n" + self.read_log()
            assert b"READY=1" in notify.recv(4096)

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(timeout=20)
        self.process = None

    def read_log(self):
        return pathlib.Path(self.log).read_text()
