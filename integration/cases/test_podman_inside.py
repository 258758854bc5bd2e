"""Podman and Buildah in a system container, as root and as a user."""

import pytest

from harness import images
from harness.systems import InnerImage, boot
from harness.waiting import until

SERVE = ("busybox sh -c 'mkdir /w; echo served >/w/index.html; "
         "exec httpd -f -h /w'")
BUILD = ("printf 'FROM busybox\\nRUN id -u >/id && chown 33:44 /id\\n' >{0} && "
         "podman build -q -t built -f {0} /var/empty >&2 && "
         "podman run --rm built sh -c 'cat /id; ls -ln /id'")


class Users:
    """Scripts of users who have logged in: networks of Podman's need the
    session's runtime directory in any user namespace."""

    def __init__(self, docker, container):
        self.docker, self.container = docker, container

    def __call__(self, user, script, check=True):
        return self.docker("exec", "-i", self.container, "su", "-", user, "-c",
                           "sh -e", input=script, check=check).out


@pytest.fixture(scope="module")
def users(dockerd, daemon, workspace):
    image = images.make_system_image(dockerd, "syscont-podman")
    inner = InnerImage(dockerd, workspace)
    container = boot(dockerd, image, *inner.options(), "-e",
                     "SYSBOX_IDS=165536")
    # Ids that every container has; Debian's begin at 100000.
    dockerd.shell(container, f"""
        set -e
        mkdir -p /var/empty
        adduser --quiet --disabled-password --gecos '' user
        usermod --del-subuids 100000-165535 --add-subuids 10000-29999 \\
                --del-subgids 100000-165535 --add-subgids 10000-29999 user
        adduser --quiet --disabled-password --gecos '' far
        echo containers:40000:20000 | tee -a /etc/subuid >>/etc/subgid
        podman load -qi {inner.PLACE}
        for user in user far; do
          su - $user -c 'podman load -qi {inner.PLACE}'
        done""")
    yield Users(dockerd, container)
    dockerd("rm", "-f", container)


@pytest.fixture(autouse=True)
def tidy(users):
    yield
    for user in ("root", "user"):
        users(user, "podman rm -af -t 0 >/dev/null 2>&1 || true")


@pytest.fixture(params=["root", "user"])
def shell(request, users):
    return lambda script, check=True: users(request.param, script, check)


def test_run_exec_stop(shell):
    assert shell("podman run --rm busybox id -u") == "0\n"
    assert shell("podman run --rm --user app busybox id -un") == "app\n"
    shell("podman run -d --name a --init busybox sleep 1000")
    assert shell("podman exec a hostname").strip() != ""
    assert "catatonit" in shell("podman exec a ps") or "init" in shell(
        "podman exec a ps")
    shell("podman stop -t 5 a && podman start a && podman rm -f -t 0 a")


def test_published_ports(shell):
    shell("podman run -d --name a -p 8080:80 " + SERVE)
    until(lambda: shell("busybox wget -qO- http://127.0.0.1:8080/",
                        check=False) == "served\n")


def test_volumes(shell):
    shell("podman run --rm -v v:/v busybox sh -c 'echo a >/v/x; "
          "chown 33:44 /v/x'")
    assert shell("podman run --rm -v v:/v busybox ls -ln /v/x"
                 ).split()[2:4] == ["33", "44"]


def test_build(shell):
    assert shell(BUILD.format("/tmp/$(id -un)")).split()[:4] == [
        "0", "-rw-r--r--", "1", "33"]
    assert shell("""
        c=$(buildah from busybox)
        buildah run $c touch /made
        buildah commit -q $c made >&2
        buildah rm $c >&2
        podman run --rm made ls /made""") == "/made\n"


def test_privileged(shell):
    assert shell("podman run --rm --privileged busybox sh -c "
                 "'mount -t tmpfs x /tmp && echo mounted'") == "mounted\n"


def test_pods_and_names(users):
    """As root, with Podman's own DNS."""
    users("root", "podman network create net")
    users("root", "podman run -d --network net --name web " + SERVE)
    until(lambda: users("root", "podman run --rm --network net busybox "
                        "wget -qO- http://web/", check=False) == "served\n")
    users("root", "podman pod create --name pod")
    users("root", "podman run -d --pod pod " + SERVE)
    until(lambda: users("root", "podman run --rm --pod pod busybox "
                        "wget -qO- http://127.0.0.1/",
                        check=False) == "served\n")
    users("root", "podman pod rm -f -t 0 pod")


def test_a_user_namespace_in_it(users):
    zero, first, size = users("user", "podman run --rm busybox "
                              "cat /proc/self/uid_map").splitlines()[1].split()
    assert (zero, first, size) == ("1", "10000", "20000")
    assert users("root", "podman info -f '{{.Store.GraphDriverName}}'"
                 ) == "overlay\n"


def test_ids_of_its_own(users):
    """Podman takes away first what is mounted on /sys/kernel."""
    assert users("root", "podman run --rm --uidmap=0:70000:1000 busybox "
                 "cat /proc/self/uid_map").split() == ["0", "70000", "1000"]


def test_ids_as_debian_gives_them(users):
    """With as many as the container was given, nothing is to be set up."""
    assert users("far", "podman run --rm --user 65000 busybox id -u"
                 ) == "65000\n"
    assert users("far", "podman unshare cat /proc/self/uid_map"
                 ).split()[3:] == ["1", "100000", "65536"]
