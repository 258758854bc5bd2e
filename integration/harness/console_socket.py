"""The receiver of `--console-socket`: gets a terminal's master end."""

import array
import os
import socket


class ConsoleSocket:
    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.listener.settimeout(20)
        self.master = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        if self.master >= 0:
            os.close(self.master)
        os.unlink(self.path)

    def receive(self):
        """The master end's descriptor, and the name that came with it."""
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(20)
            size = array.array("i").itemsize
            name, control, _, _ = connection.recvmsg(
                4096, socket.CMSG_SPACE(size))
            (_, kind, data), = control
            assert kind == socket.SCM_RIGHTS
            self.master = array.array("i", data[:size])[0]
        return self.master, name.decode()

    def read_until(self, text):
        seen = ""
        while text not in seen:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            seen += data.decode()
        assert text in seen, seen
        return seen
