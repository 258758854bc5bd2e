"""Fixtures: everything a case needs, started once and stopped at the end."""

import functools
import os
import pathlib
import shutil
import sys
import tempfile
import uuid

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from harness import (cgroup, host_state, images, patience,  # noqa: E402
                     private_world)
from harness.bundle import Bundle  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.docker import Docker  # noqa: E402
from harness.guest import probe_path  # noqa: E402

PATIENCE = 600  # seconds; the longest case takes a quarter of it


@pytest.fixture(scope="session", autouse=True)
def private(request):
    """Nothing of the host's /run, /etc and network is seen or touched."""
    assert os.geteuid() == 0, "the integration tests need root"
    private_world.enter()


def pytest_configure(config):
    config.addinivalue_line("markers", "patience(seconds): it takes longer")


@functools.cache
def _is_ours(file):
    """False: a run beside this one has taken the file of cases."""
    claims = os.environ.get("SYSBOX_CLAIMS")
    if claims is None:
        return True
    try:
        pathlib.Path(claims, file.stem).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def pytest_runtest_protocol(item):
    return None if _is_ours(item.path) else True  # handled: there


@pytest.fixture(scope="session", autouse=True)
def fuse_connections(private):
    """Of others, from before the run."""
    return patience.connection_names()


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """No case keeps the others waiting for ever."""
    marker = pyfuncitem.get_closest_marker("patience")
    known = pyfuncitem.funcargs["fuse_connections"]
    with patience.limit(marker.args[0] if marker else PATIENCE, known):
        yield


@pytest.fixture(scope="session")
def workspace(private):
    """On a disk, not tmpfs: overlay needs trusted xattrs, dockerd a real fs."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="sysbox-test-", dir="/var/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def disk(workspace):
    """A directory for one case, like tmp_path but never on a tmpfs."""
    path = pathlib.Path(tempfile.mkdtemp(dir=workspace))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def binary(workspace):
    """A copy where every user gets: the build may lie below /root."""
    path = os.environ.get("SYSBOX_BINARY")
    assert path, "set SYSBOX_BINARY to the built binary (tools/test does)"
    directory = workspace / "bin"
    directory.mkdir()
    copy = shutil.copy(path, directory / "sysbox")
    for name in ("sysbox-runc", "sysbox-mgr"):
        (directory / name).symlink_to("sysbox")
    os.environ.setdefault("SYSBOX_PROBE", str(probe_path(path)))
    os.environ["SYSBOX_BINARY"] = str(copy)
    return str(copy)


@pytest.fixture(scope="session")
def runtime(binary):
    """The path of `sysbox-runc`."""
    return pathlib.Path(binary).parent / "sysbox-runc"


@pytest.fixture(scope="session")
def daemon(workspace, binary):
    daemon = Daemon(binary, str(workspace / "sysbox"),
                    str(workspace / "sysbox.log"))
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="session")
def busybox_rootfs(workspace):
    """What images are made of; no container writes to it."""
    if not os.path.exists(images.BUSYBOX):
        pytest.skip("busybox-static is missing")
    return images.make_busybox_rootfs(workspace / "busybox")


@pytest.fixture(scope="session")
def shared_rootfs(workspace, busybox_rootfs):
    """For the bundles of all cases: what one leaves, others see."""
    return images.make_busybox_rootfs(workspace / "rootfs")


@pytest.fixture(scope="session")
def dockerd(workspace, runtime, busybox_rootfs):
    if shutil.which("dockerd") is None:
        pytest.skip("dockerd (docker.io) is missing")
    docker = Docker(workspace / "docker", runtime,
                    {"cgroup-parent": f"/{workspace.name}",
                     "features": {"cdi": True}})
    docker.start()
    images.import_image(docker, busybox_rootfs, "busybox")
    yield docker
    docker.stop()
    cgroup.remove_empty(workspace.name)


@pytest.fixture
def docker(dockerd, daemon):
    """dockerd with the daemon beside it; containers left over are removed."""
    yield dockerd
    dockerd.remove_all()


@pytest.fixture
def bundle(runtime, shared_rootfs, tmp_path, daemon):
    """A bundle for `sysbox-runc`; its containers are removed."""
    bundle = Bundle(runtime, tmp_path / "bundle", shared_rootfs)
    yield bundle
    bundle.remove_all()


@pytest.fixture
def runc_bundle(shared_rootfs, tmp_path):
    """The same bundle for the real `runc`, to compare with."""
    if shutil.which("runc") is None:
        pytest.skip("runc is missing")
    bundle = Bundle("runc", tmp_path / "runc-bundle", shared_rootfs)
    # By default it would be the id, as for ours.
    bundle.spec["linux"]["cgroupsPath"] = f"/runc-{uuid.uuid4().hex[:12]}"
    yield bundle
    bundle.remove_all()


@pytest.fixture
def name():
    return "t" + uuid.uuid4().hex[:12]


@pytest.fixture
def host_unchanged(daemon, name, workspace):
    """Fails the case if it leaves anything on the host. Cgroups of others,
    who may work here at the same time, are left out."""
    mine = (name, workspace.name)
    host_state.await_stock(daemon.process.pid)
    before = host_state.snapshot(daemon.process.pid, mine)
    yield
    left = host_state.await_unchanged(before, daemon.process.pid, mine)
    assert not left, "\n".join(left)
