"""The guest's cases run on its own systemd and dockerd, in no namespaces.

Each container costs seconds of emulation: a case looks at one from many sides,
and cases that only look share one (`limited` in test_cgroups_systemd.py)."""

import os
import pathlib

import pytest

from harness import images
from harness.command import run
from harness.docker import Docker
from harness.waiting import until


class HostDocker(Docker):
    """The guest's own dockerd, which systemd runs. It makes no networks:
    that would be a third of what a start costs."""

    def __init__(self):
        super().__init__("/var/lib/docker", "/usr/bin/sysbox-runc")
        self.env = dict(os.environ)
        self.started = []

    def run(self, *args, options=(), **more):
        return super().run(*args, options=("--network=none", *options), **more)

    def start_lasting(self, *args, options=(), **more):
        """A container that outlives the case: its fixture removes it."""
        return super().start_container(
            *args, options=("--network=none", *options), **more)

    def start_container(self, *args, **more):
        self.started.append(self.start_lasting(*args, **more))
        return self.started[-1]

    def remove_all(self):
        if self.started:
            self("rm", "-f", "-v", *self.started)
        self.started.clear()


def pytest_collection_modifyitems(items):
    """First what looks at a host that nothing was installed on."""
    items.sort(key=lambda item: "test_install" not in item.nodeid)


@pytest.fixture(scope="session", autouse=True)
def private():
    """Nothing is private: the guest is ours."""


@pytest.fixture(scope="session")
def installed():
    """As a user does it; `test_install.py` looks at what this did."""
    return run(os.environ["SYSBOX_BINARY"], "install", "--docker", timeout=600)


@pytest.fixture(scope="session")
def dockerd(installed, tmp_path_factory):
    docker = HostDocker()
    until(lambda: docker("version", check=False).code == 0, seconds=300,
          interval=1)
    if not docker("images", "-q", "busybox").out:
        rootfs = tmp_path_factory.mktemp("rootfs")
        images.make_busybox_rootfs(rootfs)
        images.import_image(docker, rootfs, "busybox")
    return docker


@pytest.fixture
def docker(dockerd):
    yield dockerd
    dockerd.remove_all()


@pytest.fixture(scope="session")
def scope():
    """The cgroup directory of a container, named as systemd has it."""
    def find(container):
        path = pathlib.Path(
            f"/sys/fs/cgroup/system.slice/docker-{container}.scope")
        assert path.is_dir(), path
        return path

    return find


def service(command, *args):
    return run("systemctl", command, *args, "sysbox.service", check=False,
               timeout=300)


@pytest.fixture
def systemctl():
    return service
