"""Every container has id ranges of its own."""

import pathlib

import pytest

from harness.daemon import Daemon


def range_of(docker, container):
    text = docker("exec", container, "cat", "/proc/self/uid_map",
                  "/proc/self/gid_map").out.split()
    assert text[:3] == text[3:]
    return int(text[1]), int(text[2])


def test_two_containers_never_overlap(docker):
    ranges = [range_of(docker, docker.start_container()) for _ in range(4)]
    firsts = sorted(first for first, _ in ranges)
    assert all(b - a >= 65536 for a, b in zip(firsts, firsts[1:])), ranges


def test_ranges_lie_in_the_entry_of_sysbox(docker):
    first, size = range_of(docker, docker.start_container())
    for path in ("/etc/subuid", "/etc/subgid"):
        rows = [line.split(":")
                for line in pathlib.Path(path).read_text().split()]
        (start, count), = [tuple(map(int, row[1:])) for row in rows
                           if row[0] == "sysbox"]
        assert start <= first and first + size <= start + count
        assert count == 268435456


def test_a_shared_network_namespace_shares_the_range(docker):
    first = docker.start_container()
    second = docker.start_container(options=["--net", f"container:{first}"])
    assert range_of(docker, first) == range_of(docker, second)
    user = [docker("exec", c, "readlink", "/proc/self/ns/user").out
            for c in (first, second)]
    assert user[0] == user[1]


def test_a_restarted_container_has_a_range_of_its_own(docker):
    kept = docker.start_container()
    container = docker.start_container()
    docker("restart", "-t", "0", container)
    assert range_of(docker, kept) != range_of(docker, container)


@pytest.fixture
def other_daemon(binary, workspace, disk):
    """A daemon of other subid files: /etc is a private copy anyway."""
    saved = {path: pathlib.Path(path).read_text()
             for path in ("/etc/subuid", "/etc/subgid")}
    made = []

    def start(subuid, subgid):
        pathlib.Path("/etc/subuid").write_text(subuid)
        pathlib.Path("/etc/subgid").write_text(subgid)
        daemon = Daemon(binary, str(disk / "data"), str(disk / "log"),
                        run_dir=disk / "run")
        made.append(daemon)
        daemon.start()
        return daemon

    yield start
    for daemon in made:
        daemon.stop()
    for path, text in saved.items():
        pathlib.Path(path).write_text(text)


def entry(path):
    rows = [line.split(":") for line in pathlib.Path(path).read_text().split()]
    (start, count), = [tuple(map(int, row[1:])) for row in rows
                       if row[0] == "sysbox"]
    return start, count


def test_entries_are_made_beside_those_of_others(other_daemon):
    others = "me:100000:65536\nyou:400000000:1000000\n"
    other_daemon(others, "me:100000:65536\n")
    text = pathlib.Path("/etc/subuid").read_text()
    assert text.startswith(others)
    start, count = entry("/etc/subuid")
    assert count == 268435456
    assert start >= 165536
    assert start + count <= 400000000 or start >= 401000000
    assert entry("/etc/subgid")[1] == 268435456


def test_when_every_range_is_taken(other_daemon, bundle, name):
    daemon = other_daemon("sysbox:1000000:131072\n", "sysbox:1000000:131072\n")
    globals_ = ["--manager-socket", daemon.socket]
    seen = set()
    bundle.save(args=["sleep", "1000"])
    for i in range(2):
        bundle.detached("create", f"{name}{i}", globals_=globals_)
        pid = bundle.state(f"{name}{i}")["pid"]
        text = pathlib.Path(f"/proc/{pid}/uid_map").read_text()
        seen.add(int(text.split()[1]))
    assert seen == {1000000, 1065536}
    result = bundle("create", f"{name}2", globals_=globals_, check=False)
    assert result.code == 1
    assert len(result.err.splitlines()) == 1, result
    assert "id range" in result.err or "ids" in result.err
    assert bundle("state", f"{name}2", check=False).code != 0
    bundle("delete", "--force", f"{name}0", globals_=globals_)
    bundle.detached("create", f"{name}2", globals_=globals_)
    pid = bundle.state(f"{name}2")["pid"]
    assert pathlib.Path(f"/proc/{pid}/uid_map").read_text().split()[1] == (
        "1000000")
    for i in (1, 2):
        bundle("delete", "--force", f"{name}{i}", globals_=globals_)
