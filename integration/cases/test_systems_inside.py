"""Whole systems inside: systemd as process 1, and the Docker that it runs."""

import json

import pytest

from harness import images
from harness.command import run
from harness.waiting import until

INNER_IMAGE = ("mkdir -p /tmp/b/bin && cp /bin/busybox /tmp/b/bin/ && "
               "for a in sh cat id ls touch chown mount ip true sleep; do "
               "ln -sf busybox /tmp/b/bin/$a; done && "
               "tar -C /tmp/b -c . | docker import - inner")


@pytest.fixture(scope="module")
def docker_image(dockerd):
    return images.make_system_image(dockerd, "syscont-docker")


def booted(docker, container):
    state = docker("exec", container, "systemctl", "is-system-running",
                   check=False).out.strip()
    return state in ("running", "degraded")


def boot(docker, image, *options):
    container = docker.start_container("/sbin/init", image=image,
                                       options=options)
    until(lambda: booted(docker, container), seconds=120)
    return container


@pytest.fixture
def system(docker, docker_image):
    return boot(docker, docker_image)


def test_systemd_is_content(docker, system):
    failed = docker.shell(system, "systemctl --failed --no-legend --plain")
    assert failed == ""
    assert docker.shell(system, "systemctl is-system-running") == "running\n"
    assert docker.shell(system, "systemd-detect-virt") == "container-other\n"
    docker.shell(system, "systemd-run --scope -p MemoryMax=50M true && "
                         "systemd-run --wait -p PrivateTmp=yes "
                         "-p ProtectSystem=strict true && "
                         "journalctl -n 1 && loginctl list-sessions")


def test_stop_is_a_shutdown(docker, system):
    docker.shell(system, "systemd-run --unit u -p ExecStop='touch /stopped' "
                         "-p RemainAfterExit=yes true")
    docker("stop", "-t", "100", system)
    assert docker.inspect(system, "{{.State.ExitCode}}") != "137"
    assert "/stopped" in docker("diff", system).out


def test_docker_inside(docker, system):
    info = json.loads(docker.shell(system, "docker info -f '{{json .}}'"))
    assert info["Driver"] == "overlay2"
    docker.shell(system, INNER_IMAGE)
    assert docker.shell(system, "docker run --rm inner id -u") == "0\n"
    assert docker.shell(
        system, "docker run --rm --privileged inner "
        "sh -c 'mount -t tmpfs x /tmp 2>&1 || mount -t tmpfs x /bin; echo ok'"
    ).endswith("ok\n")
    docker.shell(system, "printf 'FROM inner\\nRUN touch /x && chown 33 /x\\n'"
                         " | docker build -q -t built -")
    assert " 33 " in docker.shell(system, "docker run --rm built ls -ln /x")
    docker.shell(system, "docker network create net && "
                         "docker run --rm --net net -p 8080:80 inner ip r")


def test_names_of_the_outer_network_inside(docker, docker_image):
    """Docker's resolver, from containers of the Docker inside, on networks of
    both kinds, and from one deeper."""
    docker("network", "create", "outer-net")
    try:
        docker.start_container(options=["--net", "outer-net", "--name",
                                        "neighbour"])
        system = boot(docker, docker_image, "--net", "outer-net")
        docker.shell(system, INNER_IMAGE.replace(" sleep", " sleep nslookup"))
        docker.shell(system, "docker network create net")
        for network in ("bridge", "net"):
            said = docker.shell(system, f"docker run --rm --net {network} "
                                "inner nslookup neighbour")
            assert "Name:\tneighbour" in said, said
    finally:
        docker.remove_all()
        docker("network", "rm", "outer-net")


def test_inner_images_live_and_die_with_the_container(docker, system):
    docker.shell(system, INNER_IMAGE)
    docker("stop", "-t", "30", system)
    docker("start", system)
    until(lambda: booted(docker, system), seconds=120)
    assert "inner" in docker.shell(system, "docker images")
    upper = docker.inspect(system, "{{.GraphDriver.Data.UpperDir}}")
    assert run("ls", f"{upper}/var/lib/docker/overlay2").out
    docker("rm", "-f", system)
    assert run("ls", upper, check=False).code != 0


def test_commit_takes_inner_images_along(docker, system):
    docker.shell(system, INNER_IMAGE)
    docker("commit", system, "with-inner")
    docker("rm", "-f", system)
    again = boot(docker, "with-inner")
    assert "inner" in docker.shell(again, "docker images")
    assert docker.shell(again, "docker run --rm inner id -u") == "0\n"
    docker("rm", "-f", again)
    docker("rmi", "with-inner")


def test_another_data_root(docker, docker_image, tmp_path):
    container = docker("create", "--runtime", "sysbox-runc", docker_image,
                       "/sbin/init").out.strip()
    config = tmp_path / "daemon.json"
    config.write_text('{"data-root": "/srv/engine"}')
    docker("cp", config, f"{container}:/etc/docker/daemon.json")
    docker("start", container)
    until(lambda: booted(docker, container), seconds=120)
    info = json.loads(docker.shell(container, "docker info -f '{{json .}}'"))
    assert (info["Driver"], info["DockerRootDir"]) == ("overlay2",
                                                       "/srv/engine")
