"""`sysbox install` and `uninstall`: exactly what they say, and undone."""

import json
import os
import shutil
import subprocess

import pytest

from harness.command import run
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

        def __call__(self, command, *args, check=True):
            return run(binary, command, "--prefix", self.prefix, "--config",
                       self.config, "--no-reload", *args, check=check)

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


def test_dockerd_reloads_it(binary, daemon, workspace, disk):
    if shutil.which("dockerd") is None:
        pytest.skip("dockerd (docker.io) is missing")
    docker = Docker(workspace / "install", "/nowhere",
                    {"runtimes": {"other": {"path": "/nowhere"}},
                     "bridge": "none"},
                    prefix=("unshare", "-n"))
    del docker.config["bip"]
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
