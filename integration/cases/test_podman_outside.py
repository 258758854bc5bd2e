"""Podman on the host runs system containers: `podman --runtime sysbox-runc`."""

import os
import shutil

import pytest

from harness import cdi, images
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


# Without a user namespace Podman makes the network in the host's.
PLAIN = ()


def test_without_options_it_is_a_system_container(podman):
    out = podman.run(
        "sh", "-c", "cat /proc/self/uid_map; id -u; touch /x && stat -c %u /x;"
        "mount -t tmpfs t /tmp && sysctl -n net.ipv4.ping_group_range && "
        "ls /sys/class/net && mount | grep '^sysfs on /sys '",
        options=(*PLAIN, "--sysctl", "net.ipv4.ping_group_range=0 99999999")
        ).out.split("\n")
    first, host, size = uid_map(out[0])
    assert (first, size) == (0, 65536) and host >= 65536
    assert out[1:3] == ["0", "0"]
    assert out[3].split() == ["0", "65535"]
    assert out[4:6] == ["eth0", "lo"]
    assert "ro,nosuid,nodev,noexec" in out[6]


def mounts():
    """Of this run, where the runtime and Podman are started."""
    return {tuple(line.split()[2:6]) for line in open("/proc/self/mountinfo")}


@pytest.mark.parametrize("options", [PLAIN, [Podman.USERNS]])
def test_what_is_mounted_inside_stays_inside(podman, disk, options):
    """Also on what it shares with the host, and while it runs."""
    box = podman.start("sleep", "1000",
                       options=[*options, "-v", f"{disk}:/v:rshared"])
    before = mounts()
    podman("exec", box, "sh", "-c",
           "for d in /tmp /v /sys /dev /etc; do mount -t tmpfs t $d; done; "
           "mount --make-rshared /; mkdir -p /tmp/x; mount -t tmpfs t /tmp/x; "
           "mount --bind / /home", check=False)
    assert int(podman("exec", box, "grep", "-c", " - tmpfs t ",
                      "/proc/1/mountinfo").out) >= 6
    assert mounts() == before
    for namespace in ("mnt", "user"):
        assert podman("exec", box, "readlink", f"/proc/self/ns/{namespace}"
                      ).out.strip() != os.readlink(f"/proc/self/ns/{namespace}")
    podman("rm", "-f", "-t", "0", box)
    assert mounts() < before  # the engine's own are gone


def test_root_may_use_but_not_change_a_network_of_the_hosts(podman):
    port_start = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
    before = open(port_start).read()
    box = podman.start(*SERVE, options=(*PLAIN, "-p", "9091:80", "--sysctl",
                                        "net.ipv4.ip_forward=0"))
    until(lambda: run("busybox", "wget", "-qO-", "http://127.0.0.1:9091/",
                      check=False).out == "served\n")
    assert podman("exec", box, "cat", "/proc/sys/net/ipv4/ip_forward"
                  ).out == "0\n"
    for change in ("ip addr add 10.9.9.9/32 dev lo", "ip link set eth0 down",
                   "echo 1 >/proc/sys/net/ipv4/ip_forward",
                   "mkdir /s && mount -t sysfs s /s"):
        assert podman("exec", box, "sh", "-c", change, check=False
                      ).code != 0, change
    # Who makes it writable may write to nothing of it, but for what is
    # mounted there: the container's own values.
    assert podman("exec", box, "sh", "-c", "mount -o remount,rw,bind /sys; "
                  "find /sys -xdev -type f | while read -r file; do "
                  "if { true >>$file; } 2>/dev/null; then "
                  "grep -q \" $file \" /proc/self/mountinfo || echo $file; "
                  "fi; done").out == ""
    assert open(port_start).read() == before


def test_a_pod_without_a_user_namespace_shares_one(podman):
    podman("pod", "create", "--name", "pod")
    podman.start(*SERVE, options=("--pod", "pod"))
    until(lambda: podman.run("wget", "-qO-", "http://127.0.0.1/",
                             options=("--pod", "pod"), check=False
                             ).out == "served\n")
    show = ("sh", "-c", "cat /proc/self/uid_map; for i in net user ipc uts; "
            "do readlink /proc/self/ns/$i; done")
    first = podman.run(*show, options=("--pod", "pod")).out
    assert uid_map(first.split("\n")[0])[1] >= 65536
    assert podman.run(*show, options=("--pod", "pod")).out == first


@pytest.mark.parametrize("network", ["host", "ns:/proc/self/ns/net"])
def test_the_hosts_own_network_is_refused(podman, network):
    refused = podman.run("true", options=("--network", network), check=False)
    assert refused.code != 0
    assert "sharing the host's network namespace" in refused.err


@pytest.mark.parametrize("options", [PLAIN, [Podman.USERNS]])
def test_a_cdi_device(podman, cdi_device, options):
    assert podman.run(*cdi.USE, options=[*options, "--device", cdi_device]
                      ).out == cdi.USED


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


@pytest.mark.parametrize("systemd, options", [
    ("true", [Podman.USERNS]), ("always", [Podman.USERNS]), ("always", PLAIN)])
def test_systemd(podman, systemd, options):
    """Podman sets the scene for it, and so do we: once."""
    image = images.make_base_rootfs()
    box = podman("run", "-d", *options, f"--systemd={systemd}",
                 "--rootfs", f"{image}:O", "/sbin/init").out.strip()
    until(lambda: podman("exec", box, "systemctl", "is-system-running",
                         check=False).out.strip() in ("running", "degraded"),
          seconds=120, interval=0.2)
    assert podman("exec", box, "systemctl", "--failed", "--no-legend",
                  "--plain").out == ""
    podman("stop", "-t", "60", box)
    assert podman("inspect", "-f", "{{.State.ExitCode}}", box
                  ).out != "137\n"
