"""A whole system inside: its systemd, and a Docker that has cgroup v2, too."""

import json
import os
import pathlib
import shutil

import pytest

from harness import images
from harness.command import run
from harness.waiting import until

# Not the inner system's: what makes this one a guest, and its Sysbox.
UNWANTED = ("sysbox*", "fstab", "daemon.json", "machine-id", "slow.conf")


def make_rootfs(root):
    """The guest's own system; its /usr is bound, not copied."""
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink(f"/{name}"):
            (root / name).symlink_to(os.readlink(f"/{name}"))
    for name in ("dev", "proc", "root", "run", "sys", "tmp", "usr", "var/log",
                 "var/tmp", "var/lib/docker"):
        (root / name).mkdir(parents=True)
    shutil.copytree("/etc", root / "etc", symlinks=True)
    shutil.copytree("/var/lib/dpkg", root / "var/lib/dpkg", symlinks=True)
    for name in UNWANTED:
        for path in (root / "etc").rglob(name):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    (root / "etc/machine-id").touch()


@pytest.fixture(scope="module")
def system(dockerd, tmp_path_factory):
    root = tmp_path_factory.mktemp("system")
    make_rootfs(root)
    images.import_image(dockerd, root, "system")
    box = dockerd.start_lasting(
        "/sbin/init", image="system",
        options=("--memory=700m", "--pids-limit=500", "--hostname=inner",
                 "--volume=/usr:/usr:ro"))
    until(lambda: dockerd("exec", box, "systemctl", "is-system-running",
                          check=False).out.strip() in ("running", "degraded"),
          seconds=400, interval=3)
    yield box
    dockerd("rm", "-f", "-v", box)


def test_systemd_is_content(dockerd, system, scope):
    told = dockerd.shell(system, """
        systemctl --failed --no-legend --plain; systemctl is-system-running
        cat /proc/1/cgroup; systemctl show -P ControlGroup docker.service
        systemd-run --quiet --scope -p MemoryMax=50M sh -c '
          cat /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/memory.max'""")
    assert told.splitlines() == ["running", "0::/init.scope",
                                 "/system.slice/docker.service",
                                 str(50 << 20)], told
    files = scope(system)
    assert (files / "memory.max").read_text() == f"{700 << 20}\n"
    assert (files / "system.slice/docker.service").is_dir()


def test_stats_count_all_of_it(dockerd, system):
    stats = json.loads(dockerd("stats", "--no-stream", "--format",
                               "{{json .}}", system).out)
    assert int(stats["PIDs"]) > 10 and "700MiB" in stats["MemUsage"], stats


def test_docker_inside_has_cgroup_v2(dockerd, system):
    told = dockerd.shell(system, """
        docker info -f '{{.CgroupDriver}} {{.CgroupVersion}} {{.Driver}}'
        mkdir -p /tmp/b/bin && cp /bin/busybox /tmp/b/bin/sh
        tar -C /tmp/b -c . | docker import - inner > /dev/null
        docker run --rm --network=none --memory=32m --pids-limit=20 inner \
          sh -c 'cd /sys/fs/cgroup && read m < memory.max && read p < pids.max &&
                 echo $m $p'""")
    assert told.splitlines() == ["systemd 2 overlay2", f"{32 << 20} 20"], told


def test_stop_is_a_shutdown(dockerd, system):
    dockerd("stop", "-t", "100", system, timeout=200)
    assert dockerd.inspect(system, "{{.State.ExitCode}}") != "137"
    assert not pathlib.Path(
        f"/sys/fs/cgroup/system.slice/docker-{system}.scope").exists()
