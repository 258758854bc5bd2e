"""A user at a terminal: types, resizes, and waits for what he sees."""

import fcntl
import os
import pty
import select
import struct
import termios
import time


class Terminal:
    """`with Terminal("docker", "run", "-it", …) as terminal: …`"""

    def __init__(self, *args, env=None, rows=24, columns=80):
        self.seen = ""
        self.code = None
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, _size(rows, columns))
                args = list(map(str, args))
                os.execvpe(args[0], args, env or os.environ)
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.code is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.master)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, _size(rows, columns))

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, text, seconds=20):
        """Waits for `text`; returns all up to it and forgets that."""
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            assert self._read(deadline), f"no {text!r} in {self.seen!r}"
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def wait(self, seconds=20):
        """The exit code, after everything has been read."""
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        assert time.monotonic() < deadline, f"no end; saw {self.seen!r}"
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def _read(self, deadline):
        left = max(0, deadline - time.monotonic())
        if not select.select([self.master], [], [], left)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: the other side is closed
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)


def _size(rows, columns):
    return struct.pack("HHHH", rows, columns, 0, 0)
