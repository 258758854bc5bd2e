"""Networks of containers."""

import signal
import urllib.request

import pytest

from harness.command import run
from harness.waiting import until


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.read()
    except OSError:
        return None


SERVE = ("sh", "-c", "mkdir /w; echo hello > /w/x; exec httpd -f -p 80 -h /w")


def test_published_port_on_the_bridge(docker):
    container = docker.start_container(*SERVE, options=["-p", "127.0.0.1::80"])
    port = docker("port", container, "80").out.split(":")[-1].strip()
    assert until(lambda: fetch(f"http://127.0.0.1:{port}/x")) == b"hello\n"


def test_names_resolve_on_a_network_of_the_users(docker):
    docker("network", "create", "net1")
    try:
        docker.start_container(*SERVE,
                               options=["--net", "net1", "--name", "server"])
        client = docker.start_container(
            options=["--net", "net1", "--name", "client"])
        until(lambda: docker("exec", client, "wget", "-qO-", "http://server/x",
                             check=False).out == "hello\n")
        assert "127.0.0.11" in docker.shell(client, "cat /etc/resolv.conf")
    finally:
        docker.remove_all()
        docker("network", "rm", "net1")


def test_connect_and_disconnect_while_it_runs(docker):
    docker("network", "create", "net2")
    try:
        container = docker.start_container()
        docker("network", "connect", "net2", container)
        assert "eth1" in docker.shell(container, "ls /sys/class/net")
        docker("network", "disconnect", "net2", container)
        assert "eth1" not in docker.shell(container, "ls /sys/class/net")
    finally:
        docker.remove_all()
        docker("network", "rm", "net2")


def test_no_network(docker):
    result = docker.run("sh", "-c", "ls /sys/class/net; cat /proc/net/route",
                        options=["--net=none"])
    assert result.out.splitlines()[0] == "lo"
    assert len(result.out.splitlines()) == 2


def test_containers_that_share_a_network(docker):
    first = docker.start_container(*SERVE)
    second = docker.start_container(options=["--net", f"container:{first}"])
    until(lambda: docker("exec", second, "wget", "-qO-", "http://127.0.0.1/x",
                         check=False).out == "hello\n")
    script = "for n in net user pid; do readlink /proc/self/ns/$n; done"
    a, b = (docker.shell(c, script).split() for c in (first, second))
    assert a[:2] == b[:2] and a[2] != b[2]
    # Either may go first.
    docker("rm", "-f", first)
    assert docker.shell(second, "id -u") == "0\n"


def test_root_administers_its_own_network_only(docker):
    result = docker.run(
        "sh", "-c", "ip link add d0 type dummy && ip link del d0 && echo made; "
        "ip addr add 10.9.9.9/32 dev lo && echo added")
    assert "added" in result.out.split()


def test_hosts_and_resolv_conf_can_be_written(docker):
    container = docker.start_container(options=["--add-host", "there:10.1.2.3"])
    assert "10.1.2.3\tthere" in docker.shell(container, "cat /etc/hosts")
    docker.shell(container, "echo 10.1.2.4 other >> /etc/hosts")
    assert "other" in docker.shell(container, "cat /etc/hosts")
    assert docker.shell(container, "stat -c %u:%g /etc/hosts /etc/hostname "
                        "/etc/resolv.conf") == "0:0\n" * 3


def test_ping_as_anybody(docker):
    """Docker sets net.ipv4.ping_group_range for it."""
    result = docker.run("sh", "-c", "cat /proc/sys/net/ipv4/ping_group_range; "
                        "cat /proc/sys/net/ipv4/ip_unprivileged_port_start")
    runc = docker.run("sh", "-c", "cat /proc/sys/net/ipv4/ping_group_range; "
                      "cat /proc/sys/net/ipv4/ip_unprivileged_port_start",
                      runtime="runc")
    assert result.out.split()[-1] == runc.out.split()[-1] == "0"
