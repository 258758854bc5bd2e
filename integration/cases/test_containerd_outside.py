"""containerd on the host runs system containers: by ctr, and by an OCI spec as
CRI writes one for a pod with a user namespace."""

import json
import shutil

import pytest

from harness import cgroup
from harness.containerd import Containerd
from harness.systems import InnerImage


@pytest.fixture(scope="module")
def engine(workspace, runtime, daemon, dockerd):
    if shutil.which("containerd") is None:
        pytest.skip("containerd is missing")
    containerd = Containerd(workspace / "containerd", runtime)
    containerd.start()
    containerd("images", "import", InnerImage(dockerd, workspace).file)
    yield containerd
    containerd.stop()


@pytest.fixture
def ctr(engine, name):
    yield engine
    engine.remove(name)


def test_run(ctr, name):
    out = ctr.run(name, "sh", "-c", "id -u; cat /proc/self/uid_map; "
                  "mount -t tmpfs x /tmp && echo mounted").out.split()
    assert (out[0], out[1], out[3], out[4]) == ("0", "0", "65536", "mounted")
    assert int(out[2]) > 0


def test_life(ctr, name, engine):
    ctr.start_container(name)
    assert ctr("tasks", "exec", "--exec-id", "e", name, "id", "-u"
               ).out == "0\n"
    ctr("tasks", "pause", name)
    assert "PAUSED" in ctr("tasks", "ls").out
    ctr("tasks", "resume", name)
    assert "memory.usage" in ctr("tasks", "metrics", name).out
    ctr("tasks", "kill", "-s", "SIGKILL", name)


def test_limits_and_cgroup(ctr, name, workspace):
    ctr.start_container(name, options=(
        "--cgroup", f"/{workspace.name}-ctr/{name}", "--memory-limit",
        str(64 << 20)))
    try:
        pid = int(next(line for line in ctr("tasks", "ls").out.splitlines()
                       if line.startswith(name)).split()[1])
        assert f"/{workspace.name}-ctr/{name}" in str(
            cgroup.of(pid)["memory"])
        assert ctr("tasks", "exec", "--exec-id", "e", name, "sh", "-c",
                   "free -m | awk '/Mem/ { print $2 }'").out == "64\n"
    finally:
        ctr.remove(name)
        cgroup.remove_empty(f"{workspace.name}-ctr")


def test_what_is_refused(ctr, name):
    for option, word in (("--net-host", "network"),
                         ("--privileged", "privileged")):
        refused = ctr.run(name, "true", options=(option,), check=False)
        assert refused.code != 0 and word in refused.err
        assert name not in ctr("containers", "ls").out


def test_a_spec_by_config(ctr, name, bundle, busybox_rootfs):
    """`ctr run --config`: annotations and fields that CRI adds are no harm."""
    spec = bundle.spec
    spec["process"]["args"] = ["/bin/id", "-u"]
    spec["annotations"] = {
        "io.kubernetes.cri.container-type": "sandbox",
        "io.kubernetes.cri.sandbox-id": name,
        "io.kubernetes.cri.sandbox-namespace": "default",
    }
    spec["root"]["path"] = str(busybox_rootfs)
    config = bundle.path / "spec.json"
    config.write_text(json.dumps(spec))
    assert ctr("run", "--rm", "--runc-binary", ctr.runtime, "--config",
               config, name).out == "0\n"
