"""Overlays on directories that nobody knew to be a data root when the container
began: on its root, which is an overlay itself."""

import json

import pytest

from harness import images
from harness.command import run
from harness.systems import InnerImage
from harness.waiting import until

OVERLAY = ("mount -t overlay -o lowerdir={0}/low,upperdir={0}/up,"
           "workdir={0}/work,userxattr o {0}/merged")
MAKE = "mkdir -p {0}/low {0}/up {0}/work {0}/merged; echo low > {0}/low/f"


def test_an_overlay_by_hand(docker):
    container = docker.start_container()
    docker.shell(container, MAKE.format("/o") + "; echo before > /o/up/b")
    docker.shell(container, OVERLAY.format("/o"))
    docker.shell(container, "echo after > /o/merged/a; rm /o/merged/f")
    assert docker.shell(container, "cat /o/up/b /o/up/a; ls /o/merged") == (
        "before\nafter\na\nb\n")
    assert docker.shell(container, "stat -c %u:%g /o/up/a") == "0:0\n"
    # Part of the container: it survives, and engines see it.
    assert "A /o/up/a" in docker("diff", container).out
    docker("restart", "-t", "0", container)
    assert docker.shell(container, "cat /o/up/a") == "after\n"
    docker.shell(container, OVERLAY.format("/o"))
    assert docker.shell(container, "ls /o/merged") == "a\nb\n"


def test_what_the_image_has_there_stays(docker):
    """Here: /home/app, of uid 1000."""
    container = docker.start_container()
    docker.shell(container, MAKE.format("/home/app"))
    docker.shell(container, OVERLAY.format("/home/app"))
    assert docker.shell(container, "stat -c %u /home/app; cat "
                        "/home/app/merged/f") == "1000\nlow\n"


@pytest.mark.parametrize("place", ["", "/tmp"])
def test_what_others_use_is_left_to_the_kernel(docker, place):
    container = docker.start_container()
    docker.shell(container, MAKE.format(place))
    refused = docker("exec", container, "sh", "-c", OVERLAY.format(place),
                     check=False)
    assert refused.code != 0 and "Invalid argument" in refused.err


def test_a_user_or_a_nested_namespace_gets_nothing(docker):
    container = docker.start_container()
    docker.shell(container, MAKE.format("/o") + "; chmod -R 777 /o")
    before = docker.shell(container, "cat /proc/self/mountinfo | wc -l")
    for command in (["--user", "1000", container, "sh", "-c"],
                    [container, "unshare", "-Urm", "sh", "-c"]):
        assert docker("exec", *command, OVERLAY.format("/o"),
                      check=False).code != 0
    assert docker.shell(container, "cat /proc/self/mountinfo | wc -l") == before
    # Nor does it show more than before, by any name.
    docker.shell(container, "mkdir /o/s; echo secret > /o/s/x; "
                 "mount -t tmpfs t /o/s")
    assert docker("exec", container, "unshare", "-Urm", "sh", "-c",
                  OVERLAY.format("/o") + "; ls /o/s", check=False).out == ""


def test_nothing_that_is_mounted_is_hidden(docker):
    """A mount in the store would be covered by what is put on the store."""
    container = docker.start_container()
    docker.shell(container, MAKE.format("/o") + "; mkdir /o/v && "
                 "mount -t tmpfs v /o/v && touch /o/v/kept")
    assert docker("exec", container, "sh", "-c", OVERLAY.format("/o"),
                  check=False).code != 0
    assert docker.shell(container, "ls /o/v") == "kept\n"


def test_what_was_deleted_there_is_not_committed(docker):
    container = docker.start_container()
    docker.shell(container, MAKE.format("/home/app"))
    docker("commit", container, "late")
    second = docker.start_container(image="late")
    docker.shell(second, OVERLAY.format("/home/app") + "; umount "
                 "/home/app/merged; rm /home/app/low/f")
    docker("commit", second, "later")
    try:
        assert docker.run("ls", "/home/app/low", image="later").out == ""
    finally:
        docker.remove_all()
        docker("rmi", "-f", "late", "later", check=False)


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_what_overlays_there_hide_is_committed(docker, state):
    """Whiteouts and opaque directories of the inner ones, twice over."""
    container = docker.start_container()
    docker.shell(container, MAKE.format("/o") + "; mkdir /o/low/d; "
                 "touch /o/low/d/old; " + OVERLAY.format("/o") + "; cd /o/merged"
                 " && rm -r f d && mkdir d && touch d/new")
    try:
        for image in ("first", "second"):
            if state == "stopped":
                docker("stop", "-t", "0", container)
            docker("commit", container, image)
            container = docker.start_container(image=image)
            docker.shell(container, OVERLAY.format("/o"))
            assert docker.shell(container, "cd /o/merged; echo * d/*"
                                ) == "d d/new\n"
    finally:
        docker.remove_all()
        docker("rmi", "-f", "first", "second", check=False)


def swap(docker, container, rounds):
    """Directories change places with links and one another meanwhile."""
    docker("exec", "-d", container, "sh", "-c",
           f"for i in $(seq {rounds}); do mv /o /p; ln -s /etc /o; rm /o; "
           "mkdir -p /o/up; mv /o /q; mv /p /o; rm -r /q; done; touch /done")


def test_races_lead_nowhere(docker, disk):
    """Whatever is there at the moment: never another's, nor the host's."""
    (disk / "secret").write_text("secret\n")
    container = docker.start_container(options=["-v", f"{disk}:/o2:ro"])
    docker.shell(container, MAKE.format("/o"))
    swap(docker, container, 300)
    docker.shell(container, "until [ -e /done ]; do "
                 + OVERLAY.format("/o") + " && umount /o/merged; "
                 "umount /o; done 2>/dev/null; true")
    for line in docker.shell(container, "cat /proc/self/mountinfo"
                             ).splitlines():
        root, place = line.split()[3:5]
        root = root.removesuffix("//deleted")
        if place in ("/o", "/p", "/q"):  # one that came after its time
            assert root.endswith(("/diff/o", "/diff/p", "/diff/q")), line
    assert sorted(path.name for path in disk.iterdir()) == ["secret"]


def test_a_read_only_root_stays_read_only(docker):
    refused = docker.run("sh", "-c", "mkdir /tmp/m; mount -t overlay -o "
                         "lowerdir=/etc,upperdir=/home/app,workdir=/usr o "
                         "/tmp/m || touch /home/app/x", check=False,
                         options=["--read-only"])
    assert refused.code != 0 and "Read-only file system" in refused.err


def test_an_overlay_of_its_own_is_not_taken_for_the_root(docker):
    """Whose init has another root gets no way around a read-only one."""
    script = ("mount -t tmpfs t /tmp; cd /tmp; mkdir l u w m; mount -t overlay "
              "-o lowerdir=/:l,upperdir=u,workdir=w,userxattr r m; cd m; "
              "mkdir -p old home/app/up home/app/work home/app/merged proc; "
              "mount -t proc p proc; pivot_root . old; exec sleep 1000")
    container = docker.start_container("sh", "-c", script,
                                       options=["--read-only"])
    until(lambda: "sleep" in docker("top", container).out)
    docker("exec", container, "nsenter", "-t", "1", "-m", "-r", "sh", "-c",
           "mount -t overlay -o lowerdir=/bin,upperdir=/home/app/up,"
           "workdir=/home/app/work,userxattr o /home/app/merged; "
           "touch /home/app/written", check=False)
    upper = docker.inspect(container, "{{.GraphDriver.Data.UpperDir}}")
    assert run("find", upper, "-name", "written").out == ""


@pytest.fixture(scope="module")
def docker_image(dockerd):
    return images.make_system_image(dockerd, "syscont-docker")


def running(docker, system):
    return docker("exec", system, "docker", "info", check=False).code == 0


def test_dockerd_is_told_another_data_root_later(docker, docker_image,
                                                 workspace):
    """In daemon.json, and on its command line; nothing is started anew but it."""
    inner = InnerImage(docker, workspace)
    system = docker.start_container("/sbin/init", image=docker_image,
                                    options=inner.options())
    until(lambda: running(docker, system), seconds=180)
    docker.shell(system, "systemctl stop docker.socket docker; "
                 "echo '{\"data-root\": \"/late/engine\"}' "
                 "> /etc/docker/daemon.json; systemctl start docker")
    info = json.loads(docker.shell(system, "docker info -f '{{json .}}'"))
    assert (info["Driver"], info["DockerRootDir"]) == ("overlay2",
                                                       "/late/engine")
    docker.shell(system, f"docker load -qi {inner.PLACE}")
    assert docker.shell(system, "docker run --rm busybox id -u") == "0\n"
    # It is there after a restart of the container, too.
    docker("restart", system)
    until(lambda: running(docker, system), seconds=180)
    assert docker.shell(system, "docker run --rm busybox id -u") == "0\n"
    assert docker.shell(system, "docker info -f '{{.Driver}}'") == "overlay2\n"
    docker.shell(system, "echo '{}' > /etc/later.json")
    docker("exec", "-d", system, "dockerd", "--data-root", "/later",
           "--exec-root", "/run/later", "--pidfile", "/run/later.pid",
           "--bridge", "none", "--iptables=false",
           "-H", "unix:///run/later.sock", "--config-file", "/etc/later.json")
    until(lambda: docker("exec", system, "docker", "-H",
                         "unix:///run/later.sock", "info",
                         check=False).code == 0, seconds=60)
    second = docker.shell(system, "docker -H unix:///run/later.sock info "
                          "-f '{{.Driver}} {{.DockerRootDir}}'")
    assert second == "overlay2 /later\n"
