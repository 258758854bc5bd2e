"""A host directory where an inner engine keeps its data belongs to one running
container (`--shared-data-root`)."""

import json
import signal

import pytest

from harness.daemon import Daemon
from harness.waiting import until

PLACES = ("/var/lib/docker", "/var/lib/containerd", "/var/lib/buildkit",
          "/var/lib/kubelet", "/var/lib/k0s", "/var/lib/rancher/k3s",
          "/var/lib/rancher/rke2", "/var/lib/containers")


def taken(result, source, holder):
    """Refused, and the text says what has it."""
    text = result.err.replace('\\"', '"')  # as the log has it
    return (result.code != 0 and f'mount source "{source}"' in text and
            f'running container "{holder}" has it' in text)


@pytest.mark.parametrize("place", PLACES)
def test_is_refused_to_a_second_container(docker, disk, place):
    source = disk / "data"
    source.mkdir()
    (source / "mine").write_text("kept\n")
    first = docker.start_container(options=["-v", f"{source}:{place}"])
    assert docker.shell(first, f"cat {place}/mine") == "kept\n"
    assert taken(docker.run("true", options=["-v", f"{source}:{place}"],
                            check=False), source, first)
    docker.shell(first, f"echo more > {place}/made")
    docker("rm", "-f", first)
    # Free again, and as it was left.
    assert docker.run("cat", f"{place}/mine", f"{place}/made",
                      options=["-v", f"{source}:{place}"]).out == (
                          "kept\nmore\n")


def test_by_whatever_path_it_is_reached(docker, disk):
    for directory in ("lib/docker", "lib/empty"):
        (disk / directory).mkdir(parents=True)
    (disk / "link").symlink_to("lib/docker")
    first = docker.start_container(
        options=["-v", f"{disk}/lib/docker:/var/lib/docker"])
    for options in (["-v", f"{disk}/link:/var/lib/docker"],
                    ["-v", f"{disk}/lib:/var/lib"],
                    ["-v", f"{disk}/lib/docker:/var/lib/containerd"]):
        assert taken(docker.run("true", options=options, check=False),
                     disk / "lib/docker", first), options
    for options in (["-v", f"{disk}/lib/docker:/srv"],
                    ["-v", f"{disk}/lib/docker:/var/lib/docker:ro"],
                    ["-v", f"{disk}/lib/empty:/var/lib/docker"]):
        assert docker.run("true", options=options).code == 0, options


def test_a_directory_that_an_engine_has_yet_to_make(docker, disk):
    first = docker.start_container(options=["-v", f"{disk}:/var/lib"])
    (disk / "docker").mkdir()
    assert taken(docker.run("true", check=False, options=[
        "-v", f"{disk}/docker:/var/lib/docker"]), disk / "docker", first)


def test_a_volume_counts_and_so_does_what_a_file_configures(docker, disk):
    config = disk / "daemon.json"
    config.write_text(json.dumps({"data-root": "/srv/engine"}))
    options = ["-v", "engine:/srv/engine",
               "-v", f"{config}:/etc/docker/daemon.json"]
    first = docker.start_container(options=options)
    refused = docker.run("true", options=options, check=False)
    assert taken(refused, docker.root / "data/volumes/engine/_data", first)
    docker("stop", "-t", "0", first)
    assert docker.run("true", options=options).code == 0
    # Whose container stops keeps it no longer, and gets it back if it can.
    second = docker.start_container(options=options)
    assert docker("start", first, check=False).code != 0
    docker("kill", second)
    docker("start", first)
    docker.remove_all()
    docker("volume", "rm", "engine")


def test_a_restart_of_the_daemon_forgets_nothing(docker, disk, daemon):
    options = ["-v", f"{disk}:/var/lib/docker"]
    first = docker.start_container(options=options)
    daemon.stop()
    daemon.start()
    assert taken(docker.run("true", options=options, check=False), disk, first)
    daemon.stop(signal.SIGKILL)
    daemon.start()
    assert taken(docker.run("true", options=options, check=False), disk, first)
    docker("kill", first)
    assert docker.run("true", options=options).code == 0


def test_of_many_that_want_it_at_once_one_gets_it(docker, disk):
    options = ["-v", f"{disk}:/var/lib/docker"]
    made = [docker("create", "--runtime", "sysbox-runc", *options, "busybox",
                   "sleep", "1000").out.strip() for _ in range(4)]
    docker("start", *made, check=False)
    running = docker("ps", "-q", "--no-trunc").out.split()
    assert len(running) == 1 and running[0] in made


def test_without_a_daemon(bundle, disk, name, daemon):
    """An embedded manager for each."""
    bundle.spec["mounts"].append({"destination": "/var/lib/docker",
                                  "source": str(disk), "type": "bind",
                                  "options": ["rbind"]})
    daemon.stop()
    try:
        bundle.save(args=["sleep", "1000"])
        bundle.detached("run", "--detach", name)
        bundle.used.append(name)
        assert taken(bundle("run", f"{name}-2", check=False), disk, name)
        bundle("delete", "--force", name)
        bundle.save(args=["true"])
        assert bundle("run", f"{name}-2").code == 0
    finally:
        bundle.remove_all()
        daemon.start()


@pytest.fixture
def lenient(binary, disk, daemon):
    """The daemon, started anew from a file that a case writes."""
    config = disk / "config.json"
    daemon.stop()

    class Lenient(Daemon):
        def arguments(self):
            return [*super().arguments(), "--config", config]

    other = Lenient(binary, daemon.data_root, str(disk / "log"))
    other.config = config
    yield other
    other.stop()
    daemon.start()


@pytest.mark.parametrize("mode", ["warn", "allow"])
def test_may_be_allowed(docker, disk, lenient, mode):
    lenient.config.write_text(json.dumps({"shared-data-root": "error"}))
    lenient.start()
    options = ["-v", f"{disk}:/var/lib/docker"]
    docker.start_container(options=options)
    assert docker.run("true", options=options, check=False).code != 0
    lenient.config.write_text(json.dumps({"shared-data-root": mode}))
    lenient.process.send_signal(signal.SIGHUP)
    until(lambda: "reloaded the configuration" in lenient.read_log())
    before = lenient.read_log()
    assert docker.run("true", options=options).code == 0
    warned = "should be mounted in one container only" in (
        lenient.read_log()[len(before):])
    assert warned == (mode == "warn")
