"""`sysbox install` and `uninstall`: exactly what they say, and undone."""

import json
import os
import shutil
import signal
import subprocess

import pytest

from harness.command import run
from harness.daemon import Daemon
from harness.docker import Docker
from harness.waiting import until

OTHERS = {"zebra": 1, "log-driver": "json-file", "runtimes": {
    "other": {"path": "/usr/bin/other", "runtimeArgs": ["--x"]}},
    "alpha": [1, 2.50, "é"], "bip": "172.31.239.1/24"}


@pytest.fixture
def place(binary, disk):
    """A prefix and a daemon.json of the case's own."""
    class Place:
        prefix, config = disk / "usr", disk / "etc/daemon.json"

        def words(self, command):
            return (binary, command, "--prefix", self.prefix, "--config",
                    self.config, "--no-reload")

        def __call__(self, command, *args, check=True):
            return run(*self.words(command), *args, check=check)

    (disk / "usr").mkdir()
    return Place()


def test_install_without_docker(place, binary):
    place("install")
    for name in ("sysbox", "sysbox-runc", "sysbox-mgr"):
        assert os.path.exists(place.prefix / "bin" / name)
    assert "sysbox" in run(place.prefix / "bin/sysbox-runc", "--version").out
    assert not place.config.exists()
    place("install")
    place("uninstall")
    assert not list(place.prefix.rglob("sysbox*"))


def test_registering_keeps_everything_else(place):
    place.config.parent.mkdir()
    before = json.dumps(OTHERS, indent=3, ensure_ascii=False)
    place.config.write_text(before)
    os.chmod(place.config, 0o600)
    place("install", "--docker")
    text = place.config.read_text()
    after = json.loads(text)
    assert after["runtimes"].pop("sysbox-runc") == {
        "path": str(place.prefix / "bin/sysbox-runc")}
    assert after == OTHERS
    assert list(after) == list(OTHERS)
    assert os.stat(place.config).st_mode & 0o777 == 0o600
    place("install", "--docker")
    assert place.config.read_text() == text
    place("uninstall")
    assert json.loads(place.config.read_text()) == OTHERS
    assert list(json.loads(place.config.read_text())) == list(OTHERS)
    place("uninstall")


def test_without_a_configuration_one_is_made(place):
    place("install", "--docker")
    assert list(json.loads(place.config.read_text())) == ["runtimes"]
    place("uninstall")
    left = (json.loads(place.config.read_text())
            if place.config.exists() else {})
    assert "sysbox-runc" not in json.dumps(left)


@pytest.mark.parametrize("text", ["{", "[]", '{"runtimes": 5}', "{} x"])
def test_a_broken_configuration_is_left_alone(place, text):
    place.config.parent.mkdir()
    place.config.write_text(text)
    result = place("install", "--docker", check=False)
    assert result.code == 1 and str(place.config) in result.err
    assert len(result.err.splitlines()) == 1, result
    assert place.config.read_text() == text


def test_a_dry_run_changes_nothing(place):
    result = place("install", "--docker", "--dry-run")
    assert "sysbox-runc" in result.out + result.err
    assert not place.config.exists() and not list(place.prefix.rglob("*"))


def test_a_configuration_behind_a_link_stays_one(place, disk):
    place.config.parent.mkdir()
    (disk / "real.json").write_text("{}\n")
    place.config.symlink_to(disk / "real.json")
    place("install", "--docker")
    assert place.config.is_symlink()
    assert "sysbox-runc" in (disk / "real.json").read_text()


@pytest.mark.parametrize("runtimes_before", [
    {"runtimes": {"other": {"path": "/nowhere"}}}, {}], ids=["other", "none"])
def test_dockerd_reloads_it(binary, daemon, workspace, disk, runtimes_before):
    """An entry that goes from the file is not one that dockerd forgets."""
    if shutil.which("dockerd") is None:
        pytest.skip("dockerd (docker.io) is missing")
    docker = Docker(workspace / "install", "/nowhere",
                    {**runtimes_before, "bridge": "none"},
                    prefix=("unshare", "-n"))
    del docker.config["bip"]
    if not runtimes_before:
        del docker.config["runtimes"]
    docker.start()
    try:
        def runtimes():
            return docker("info", "-f", "{{json .Runtimes}}").out

        flags = ["--config", docker.root / "daemon.json", "--docker-pid-file",
                 docker.root / "docker.pid", "--prefix", disk]
        assert "sysbox-runc" not in runtimes()
        run(binary, "install", "--docker", *flags)
        until(lambda: str(disk / "bin/sysbox-runc") in runtimes())
        run(binary, "uninstall", *flags)
        until(lambda: "sysbox-runc" not in runtimes())
        assert json.loads((docker.root / "daemon.json").read_text()
                          ).get("runtimes", {}) == runtimes_before.get(
                              "runtimes", {})
        assert docker.process.poll() is None
    finally:
        docker.stop()


def test_a_stale_pid_file_of_docker(binary, place, disk):
    """Another process has the number now: it must not get the signal."""
    with subprocess.Popen(["sleep", "1000"]) as other:
        (disk / "docker.pid").write_text(f"{other.pid}\n")
        result = run(binary, "install", "--docker", "--prefix", place.prefix,
                     "--config", place.config, "--docker-pid-file",
                     disk / "docker.pid")
        assert "dockerd does not run" in result.out + result.err
        assert other.poll() is None
        other.kill()


@pytest.fixture
def other_run(place, binary, disk):
    """`place` on a host where nothing of ours has run: /run and /var/lib are
    the case's own."""
    script = ("for at in /run /var/lib; do mount -t tmpfs own $at; done; echo;"
              "exec cat")
    with subprocess.Popen(["unshare", "-m", "sh", "-ec", script], text=True,
                          stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        inside = ("nsenter", f"--mount=/proc/{holder.pid}/ns/mnt")

        def at(*command, **more):
            return run(*at.words(*command), **more)

        at.words = lambda *command: [*inside, *map(str, command)]

        # As `nsenter` goes on to be the daemon: pid and signals are its own.
        at.daemon = Daemon(inside[0], str(disk / "data"), str(disk / "log"))
        arguments = at.daemon.arguments()
        at.daemon.arguments = lambda: [inside[1], binary, *arguments]
        at.uninstall = lambda *args, **more: at(
            *place.words("uninstall"), *args, **more)
        try:
            yield at
        finally:
            at.daemon.stop()
            holder.stdin.close()


def as_done(told):
    return [line.removeprefix("would ") + ": done"
            if line.startswith("would ") else line
            for line in told.splitlines()]


def test_the_run_directories_go_unless_a_daemon_listens(place, other_run):
    place("install")
    other_run.daemon.start()
    kept = other_run.uninstall()
    assert "kept: /run/sysbox, for the daemon that runs" in kept.out
    other_run("test", "-S", "/run/sysbox/sysbox.sock")
    other_run.daemon.stop()
    other_run("test", "-d", "/run/sysbox")
    other_run("mkdir", "-p", "/run/sysbox-runc")
    told = other_run.uninstall("--dry-run").out
    assert "would remove /run/sysbox\n" in told, told
    other_run("test", "-d", "/run/sysbox")
    assert other_run.uninstall().out.splitlines() == as_done(told)
    assert "sysbox" not in other_run("ls", "/run").out
    assert "/run/sysbox" not in other_run.uninstall().out


def test_a_daemon_that_was_killed_is_none(other_run):
    """It leaves its socket."""
    other_run.daemon.start()
    other_run.daemon.stop(signal.SIGKILL)
    other_run("test", "-S", "/run/sysbox/sysbox.sock")
    other_run.uninstall()
    assert "sysbox" not in other_run("ls", "/run").out


def test_uninstalling_under_containers_is_refused(place, bundle, name):
    """In one line, and nothing is changed; --force leaves them running."""
    place("install", "--docker")
    bundle.start(name)
    for flags in ((), ("--dry-run",)):
        refused = place("uninstall", *flags, check=False)
        assert refused.code == 1 and not refused.out, refused
        assert len(refused.err.splitlines()) == 1, refused
        assert "1 system container runs: stop it" in refused.err
        assert "--force" in refused.err
    assert "sysbox-runc" in place.config.read_text()
    assert (place.prefix / "bin/sysbox").exists()
    told = place("uninstall", "--force", "--dry-run").out
    assert place("uninstall", "--force").out.splitlines() == as_done(told)
    assert "kept: /run/sysbox, for the containers that run" in told
    assert not (place.prefix / "bin/sysbox").exists()
    bundle("exec", name, "cat", "/proc/uptime")


def test_a_container_of_sysbox_run_counts(binary, other_run, shared_rootfs):
    """It has no daemon, but state in /run/sysbox."""
    with subprocess.Popen(
            [*other_run.words(binary, "run", "--rootfs", shared_rootfs,
                              "--name", "lone", "--", "cat")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lone:
        lone.stdin.write("up\n")
        lone.stdin.flush()
        assert lone.stdout.readline() == "up\n"
        refused = other_run.uninstall(check=False)
        assert "1 system container runs" in refused.err, refused
        lone.stdin.close()
        assert lone.wait(timeout=20) == 0
    other_run.uninstall()
    assert "sysbox" not in other_run("ls", "/run").out
