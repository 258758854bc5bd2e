"""Under a service manager: a container's readiness is passed on, as runc does,
and nothing else that it says."""

import os
import socket

import pytest

INSIDE = "/run/notify/notify.sock"


class Manager:
    """What listens on NOTIFY_SOCKET."""

    def __init__(self, path):
        self.env = {**os.environ, "NOTIFY_SOCKET": str(path)}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(0)

    def told(self):
        """All that was said until now."""
        said = []
        while True:
            try:
                said.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return said


@pytest.fixture
def manager(disk):
    manager = Manager(disk / "notify")
    yield manager
    manager.socket.close()


def test_run_passes_readiness_on(guest, name, manager):
    assert guest.attack(name, "notify", "STATUS=nearly", "x" * 5000,
                        "STOPPING=1", "STATUS=up\nREADY=1", "READY=1",
                        "MAINPID=1", env=manager.env) == []
    assert manager.told() == ["READY=1"]


def test_run_detached_waits_until_it_is_ready(guest, name, manager):
    guest.save(args=["/probe", "notify", "STATUS=nearly", "READY=1", "pause"])
    guest.detached("run", "--detach", name, env=manager.env)
    pid = guest.state(name)["pid"]
    assert manager.told() == [f"READY=1\nMAINPID={pid}"]


def test_start_waits_until_it_is_ready(guest, name, manager):
    guest.save(args=["/probe", "notify", "READY=1", "pause"])
    guest.detached("create", name, env=manager.env)
    assert manager.told() == []
    guest.detached("start", name, env=manager.env)
    pid = guest.state(name)["pid"]
    assert manager.told() == [f"READY=1\nMAINPID={pid}"]


def test_a_container_that_is_never_ready_is_not_waited_for(
        guest, name, manager):
    guest.save(args=["/probe", "notify", "STATUS=no"])
    guest.detached("run", "--detach", name, env=manager.env)
    assert manager.told() == []


def test_without_a_manager_there_is_no_socket(guest, name):
    without = {key: value for key, value in os.environ.items()
               if key != "NOTIFY_SOCKET"}
    guest.save(args=["/probe", "notify", "READY=1"])
    done = guest("run", name, env=without, check=False)
    assert (done.code, done.out) == (1, "no NOTIFY_SOCKET\n")


def test_the_socket_is_not_the_containers_to_change(guest, name, manager):
    directory = os.path.dirname(INSIDE)
    said = guest.attack(name, "make", f"{directory}/other", env=manager.env)
    assert "EROFS" in " ".join(said)
