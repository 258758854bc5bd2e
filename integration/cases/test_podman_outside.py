"""Podman on the host runs system containers: `podman --runtime sysbox-runc`."""

import shutil

import pytest

from harness import images
from harness.command import run
from harness.podman import Podman
from harness.waiting import until

SERVE = ["sh", "-c", "mkdir /w; echo served >/w/index.html; exec httpd -f -h /w"]


def uid_map(text):
    return [int(number) for number in text.split()]


@pytest.fixture(scope="module")
def engine(workspace, runtime, daemon, busybox_rootfs):
    if shutil.which("podman") is None:
        pytest.skip("podman is missing")
    with open("/etc/subuid", "a") as uids, open("/etc/subgid", "a") as gids:
        for file in (uids, gids):
            file.write("containers:2000000000:1000000\n")
    podman = Podman(workspace / "podman", runtime)
    tar = workspace / "busybox.tar"
    run("tar", "-C", busybox_rootfs, "-cf", tar, ".")
    podman("import", "-q", tar, "busybox")
    yield podman
    podman("system", "reset", "-f", check=False)


@pytest.fixture
def podman(engine):
    yield engine
    engine.remove_all()


def test_ids_are_podmans(podman):
    """Mappings in the spec are used as they are."""
    first, host, size = uid_map(podman.run("cat", "/proc/self/uid_map").out)
    assert (first, size) == (0, 65536)
    assert 2000000000 <= host < 2001000000
    chosen = ("--uidmap", "0:2100000000:65536", "--gidmap",
              "0:2100000000:65536")
    out = podman.run("sh", "-c", "cat /proc/self/uid_map; touch /x; "
                     "stat -c %u /x", options=chosen).out.split()
    assert out == ["0", "2100000000", "65536", "0"]


def test_root_is_all_powerful_inside(podman):
    assert podman.run("sh", "-c", "id -u; mount -t tmpfs x /tmp && "
                      "sysctl -w vm.swappiness=7 >/dev/null && sysctl -n vm.swappiness "
                      "&& ip addr add 10.9.9.9/32 dev lo && echo done"
                      ).out.split() == ["0", "7", "done"]
    assert open("/proc/sys/vm/swappiness").read() != "7\n"


def test_a_network_made_before_it_is_explained(podman):
    """Without a user namespace Podman makes the network in the host's."""
    refused = podman.run("true", options=(), check=False)
    assert refused.code != 0
    assert "--userns=auto" in refused.err


def test_life(podman):
    box = podman.start(*SERVE, options=(podman.USERNS, "-p", "9090:80"))
    until(lambda: run("busybox", "wget", "-qO-", "http://127.0.0.1:9090/",
                      check=False).out == "served\n")
    assert podman("exec", "-u", "app", box, "id", "-un").out == "app\n"
    podman("pause", box)
    assert podman("inspect", "-f", "{{.State.Status}}", box
                  ).out == "paused\n"
    podman("unpause", box)
    assert "httpd" in podman("top", box).out
    assert box[:12] in podman("stats", "--no-stream", box).out
    podman("stop", "-t", "0", box)
    podman("start", box)
    podman("restart", "-t", "0", box)
    podman("rm", "-f", "-t", "0", box)
    said = podman.start("echo", "said")
    podman("wait", said)
    assert podman("logs", said).out == "said\n"


def test_pods_share_what_they_should(podman):
    podman("pod", "create", "--name", "pod", podman.USERNS)
    podman.start(*SERVE, options=("--pod", "pod"))
    until(lambda: podman.run("wget", "-qO-", "http://127.0.0.1/",
                             options=("--pod", "pod"), check=False
                             ).out == "served\n")
    show = ("sh", "-c", "hostname; cat /proc/self/uid_map; "
            "readlink /proc/self/ns/net; readlink /proc/self/ns/user")
    first = podman.run(*show, options=("--pod", "pod")).out
    assert first.startswith("pod\n")
    assert podman.run(*show, options=("--pod", "pod")).out == first


def test_volumes_and_limits(podman):
    out = podman.run(
        "sh", "-c", "touch /v/x; stat -c %u /v/x; free -m | "
        "awk '/Mem/ { print $2 }'; mount | grep -c ' /t '",
        options=(podman.USERNS, "-v", "vol:/v", "--tmpfs", "/t",
                 "--memory", "64m", "--pids-limit", "50")).out.split()
    assert out == ["0", "64", "1"]


@pytest.mark.parametrize("systemd", ["true", "always"])
def test_systemd(podman, systemd):
    """Podman sets the scene for it, and so do we: once."""
    image = images.make_base_rootfs()
    box = podman("run", "-d", podman.USERNS, f"--systemd={systemd}",
                 "--rootfs", f"{image}:O", "/sbin/init").out.strip()
    until(lambda: podman("exec", box, "systemctl", "is-system-running",
                         check=False).out.strip() in ("running", "degraded"),
          seconds=120, interval=0.2)
    assert podman("exec", box, "systemctl", "--failed", "--no-legend",
                  "--plain").out == ""
    podman("stop", "-t", "60", box)
    assert podman("inspect", "-f", "{{.State.ExitCode}}", box
                  ).out != "137\n"
