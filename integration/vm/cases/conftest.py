"""The guest's cases run on its own systemd and dockerd, in no namespaces."""

import os
import pathlib

import pytest

from harness import images
from harness.command import run
from harness.docker import Docker
from harness.waiting import until


class HostDocker(Docker):
    """The guest's own dockerd, which systemd runs."""

    def __init__(self):
        super().__init__("/var/lib/docker", "/usr/bin/sysbox-runc")
        self.env = dict(os.environ)


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
    until(lambda: docker("version", check=False).code == 0, seconds=300)
    rootfs = tmp_path_factory.mktemp("rootfs")
    images.make_busybox_rootfs(rootfs)
    images.import_image(docker, rootfs, "busybox")
    return docker


@pytest.fixture
def docker(dockerd):
    yield dockerd
    dockerd.remove_all()


@pytest.fixture
def scope(docker):
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
