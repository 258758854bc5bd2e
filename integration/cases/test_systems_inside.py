"""What an engine inside stores: persists, is committed, and goes away with its
container, at any data root."""

import json

import pytest

from harness import images
from harness.command import run
from harness.systems import boot, booted
from harness.waiting import until

INNER_IMAGE = ("mkdir -p /tmp/b/bin && cp /bin/busybox /tmp/b/bin/ && "
               "for a in sh cat id ls touch chown mount ip true sleep; do "
               "ln -sf busybox /tmp/b/bin/$a; done && "
               "tar -C /tmp/b -c . | docker import - inner")


@pytest.fixture(scope="module")
def docker_image(dockerd):
    return images.make_system_image(dockerd, "syscont-docker")


@pytest.fixture
def system(docker, docker_image):
    return boot(docker, docker_image)


def test_names_of_the_outer_network_inside(docker, docker_image):
    """Docker's resolver, from containers of the Docker inside, on networks of
    both kinds."""
    docker("network", "create", "outer-net")
    try:
        docker.start_container(options=["--net", "outer-net", "--name",
                                        "neighbour"])
        system = boot(docker, docker_image, "--net", "outer-net")
        docker.shell(system, INNER_IMAGE.replace(" sleep", " sleep nslookup"))
        docker.shell(system, "docker network create net")
        # Docker's resolver of "net", asked to, passes on names with a dot only.
        for network, name in (("bridge", "neighbour"),
                              ("net", "neighbour.outer-net")):
            said = docker.shell(system, f"docker run --rm --net {network} "
                                f"inner nslookup {name}")
            assert f"Name:\t{name}" in said, said
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


# Its upper layers delete a file, and make a directory anew.
HIDING_IMAGE = INNER_IMAGE.replace("sleep", "sleep rm mkdir") + r""" &&
printf '%s\n' 'FROM inner' 'RUN mkdir /d && touch /d/old /gone /kept' \
  'RUN rm /gone' 'RUN rm -r /d && mkdir /d && touch /d/new' |
  DOCKER_BUILDKIT=0 docker build -q -t hiding -"""
SHOW_HIDING = ("docker run --rm hiding "
               "sh -c 'ls -d /gone /kept 2>/dev/null; ls /d'")


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_commit_keeps_what_inner_layers_hide(docker, system, state):
    docker.shell(system, HIDING_IMAGE)
    assert docker.shell(system, SHOW_HIDING) == "/kept\nnew\n"
    if state == "stopped":
        docker("stop", "-t", "30", system)
    try:
        # More than once: each time the image's own is taken along.
        for image in ("first", "second"):
            docker("commit", system, image)
            docker("rm", "-f", system)
            system = boot(docker, image)
            assert docker.shell(system, SHOW_HIDING) == "/kept\nnew\n"
    finally:
        docker.remove_all()
        docker("rmi", "-f", "first", "second", check=False)


def test_what_is_deleted_inside_is_not_committed(docker, system):
    docker.shell(system, INNER_IMAGE)
    docker("commit", system, "with-inner")
    again = boot(docker, "with-inner")
    docker.shell(again, "docker rmi inner && docker info >/dev/null")
    docker("commit", again, "without-inner")
    try:
        third = boot(docker, "without-inner")
        assert docker.shell(third, "docker images -aq; "
                            "ls /var/lib/docker/image/overlay2/imagedb/"
                            "content/sha256") == ""
    finally:
        docker.remove_all()
        docker("rmi", "-f", "with-inner", "without-inner", check=False)


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
