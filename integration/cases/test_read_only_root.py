"""`--read-only`: strict, where nothing of the container's own is written, and
relaxed (--relaxed-read-only), where engines inside can work; systemd in both."""

import pytest

from harness import images
from harness.daemon import Daemon
from harness.systems import InnerImage, boot, health
from harness.waiting import until

READ_ONLY = "grep -E '^[^ ]+ ({}) [^ ]+ ro,' /proc/mounts | cut -d ' ' -f 2"


@pytest.fixture(scope="module")
def docker_image(dockerd):
    return images.make_system_image(dockerd, "syscont-docker")


@pytest.fixture
def relaxed(binary, daemon, disk):
    class Relaxed(Daemon):
        def arguments(self):
            return [*super().arguments(), "--relaxed-read-only"]

    daemon.stop()
    other = Relaxed(binary, daemon.data_root, str(disk / "log"))
    other.start()
    yield other
    other.stop()
    daemon.start()


def test_strict(docker, docker_image):
    said = docker.run("sh", "-c",
                      READ_ONLY.format("/|/sys|/var/lib/docker") +
                      "; touch /run/x /tmp/x && echo scratch; "
                      "touch /x /var/lib/docker/x", image=docker_image,
                      options=["--read-only"], check=False)
    assert sorted(said.out.split()) == ["/", "/sys", "/var/lib/docker",
                                        "scratch"]
    assert said.err.count("Read-only file system") == 2
    said = docker.run("sh", "-c", READ_ONLY.format("/sys/fs/cgroup"),
                      options=["--read-only"])
    assert said.out == "/sys/fs/cgroup\n"


def test_systemd(docker):
    """Given what it has to write to."""
    image = images.make_system_image(docker, "syscont-debian")
    system = boot(docker, image, "--read-only", "-v", "/var")
    assert health(docker, system) == ("running", "")
    docker.shell(system, "systemd-run --wait -p MemoryMax=50M true; "
                 "systemctl start cron; ! touch /etc/x")
    docker("stop", "-t", "60", system)
    assert docker.inspect(system, "{{.State.ExitCode}}") != "137"


def test_docker_inside_a_relaxed_one(docker, docker_image, relaxed, workspace):
    inner = InnerImage(docker, workspace)
    system = boot(docker, docker_image, "--read-only", "--tmpfs", "/etc/docker",
                  "-v", "/var/lib/systemd", *inner.options())
    until(lambda: docker("exec", system, "docker", "info", check=False
                         ).code == 0)
    docker.shell(system, f"docker load -qi {inner.PLACE}")
    assert docker.shell(system, "docker run --rm busybox id -u") == "0\n"
    assert docker("exec", system, "touch", "/x", check=False).code != 0
    docker("restart", system)
    until(lambda: docker("exec", system, "docker", "info", check=False
                         ).code == 0)
    assert "busybox" in docker.shell(system, "docker images")
