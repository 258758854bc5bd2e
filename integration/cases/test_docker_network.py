"""Networks of containers."""

import signal
import urllib.request

import pytest

from harness.command import run
from harness.waiting import until


ALIAS = "nameserver 192.0.0.53"
# DNS by TCP from the network namespace of a process: how many addresses.
ASK_BY_TCP = """
import socket, struct, sys
name = b"".join(bytes([len(l)]) + l.encode() for l in sys.argv[1].split("."))
query = struct.pack(">6H", 7, 256, 1, 0, 0, 0) + name + bytes([0, 0, 1, 0, 1])
with socket.create_connection(("192.0.0.53", 53), 10) as tcp:
    tcp.sendall(struct.pack(">H", len(query)) + query)
    size = struct.unpack(">H", tcp.recv(2, socket.MSG_WAITALL))[0]
    print(struct.unpack(">6H", tcp.recv(size, socket.MSG_WAITALL)[:12])[3])
"""


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
        # Docker's 127.0.0.11, under the name it has for containers inside.
        assert ALIAS in docker.shell(client, "cat /etc/resolv.conf")
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


@pytest.fixture
def users_network(docker):
    docker("network", "create", "net-dns")
    yield "net-dns"
    docker.remove_all()
    docker("network", "rm", "net-dns")


@pytest.fixture
def pair(docker, users_network):
    """A container, and another that knows it by name."""
    options = ["--net", users_network]
    docker.start_container(options=[*options, "--name", "known"])
    return docker.start_container(options=options)


def resolves(docker, container, name="known"):
    return docker("exec", container, "nslookup", name, check=False).code == 0


def test_the_alias_survives_every_restart_of_the_daemon(docker, pair, daemon):
    assert resolves(docker, pair)
    daemon.stop()
    daemon.start()
    assert resolves(docker, pair)
    worker = daemon.worker()
    run("kill", "-9", worker)
    until(lambda: daemon.worker() != worker)
    assert resolves(docker, pair)
    daemon.stop(signal.SIGKILL)
    daemon.start()
    docker("restart", "-t", "0", pair)
    assert resolves(docker, pair)


def test_the_alias_answers_by_tcp(docker, pair):
    asked = run("nsenter", "-t", docker.pid(pair), "-n", "python3", "-c",
                ASK_BY_TCP, "known")
    assert asked.out == "1\n"


OWN_SERVER = """
import socket, struct
ANY, ALIAS = ("", 53), ("192.0.0.53", 53)
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(ANY)
own.settimeout(5)
listener = socket.create_server(ANY)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
client.connect(ALIAS)
client.send(struct.pack(">6H", 7, 256, 1, 0, 0, 0) + b"\\5known\\0\\0\\1\\0\\1")
print(client.recv(999)[:2])
client.connect(("127.0.0.1", 53))
client.send(b"mine")
print(own.recv(999))
"""


def test_port_53_is_the_containers_own(docker, pair):
    """A server of its own on every address; it hears nothing of the alias."""
    said = run("nsenter", "-t", docker.pid(pair), "-n", "python3", "-c",
               OWN_SERVER)
    assert said.out == "b'\\x00\\x07'\nb'mine'\n"


def test_firewalls_inside_do_not_cut_the_alias_off(docker, pair):
    pid = docker.pid(pair)
    for tool in ("iptables-legacy", "iptables-nft"):
        run("nsenter", "-t", pid, "-n", tool, "-t", "nat", "-N", "OWN")
        run("nsenter", "-t", pid, "-n", tool, "-F")
    assert resolves(docker, pair)


def test_a_shared_network_keeps_the_alias_of_who_left(docker, users_network):
    docker.start_container(options=["--net", users_network, "--name", "known"])
    first = docker.start_container(options=["--net", users_network])
    second = docker.start_container(options=["--net", f"container:{first}"])
    assert resolves(docker, second)
    docker("kill", first)
    assert ALIAS in docker.shell(second, "cat /etc/resolv.conf")


def test_no_alias_where_docker_has_no_resolver(docker, pair):
    container = docker.start_container()
    assert "192.0.0.53" not in docker.shell(
        container, "cat /etc/resolv.conf; ip addr")
    # Nor for containers without an engine.
    regular = docker.start_container(
        options=["--net", "net-dns", "-e", "SYSBOX_SYSCONT_MODE=FALSE"])
    assert "127.0.0.11" in docker.shell(regular, "cat /etc/resolv.conf")
    assert resolves(docker, regular)
