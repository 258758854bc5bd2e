"""Where engines and Kubernetes' pieces keep their data: a real file system, with
what the image has there, part of the container as long as it lives."""

import signal
import tempfile

import pytest

from harness import images
from harness.command import run

# Place -> the program for which it is there.
ROOTS = {
    "/var/lib/docker": "dockerd",
    "/var/lib/containerd": "containerd",
    "/var/lib/buildkit": "buildkitd",
    "/var/lib/containers": "podman",
    "/var/lib/kubelet": "kubelet",
    "/var/lib/k0s": "k0s",
    "/var/lib/rancher/k3s": "k3s",
    "/var/lib/rancher/rke2": "rke2",
}

# What the image holds at a place: files of others, modes, links.
IMAGE_CONTENT = """
mkdir -p {0}/of/image && echo image > {0}/of/image/file
echo other > {0}/other && chown 33:44 {0}/other && chmod 2750 {0}/other
ln -s of/image/file {0}/link && ln {0}/other {0}/same
"""
SHOW = "cd {0} && cat link && stat -c %n:%u:%g:%a other && ls"
SHOWN = "image\nother:33:44:2750\n"

OVERLAY = ("mkdir -p {0}/o/low {0}/o/up {0}/o/work {0}/o/merged && "
           "echo low > {0}/o/low/file && "
           "mount -t overlay -o lowerdir={0}/o/low,upperdir={0}/o/up,"
           "workdir={0}/o/work,userxattr o {0}/o/merged && "
           "rm {0}/o/merged/file && ls -A {0}/o/merged")


@pytest.fixture(scope="module", params=ROOTS)
def place(request):
    return request.param


@pytest.fixture(scope="module")
def image(dockerd, workspace, place):
    """Has the program, and data at its place."""
    root = tempfile.mkdtemp(dir=workspace)
    images.make_busybox_rootfs(root)
    name = f"holds-{ROOTS[place]}"
    run("sh", "-ec", f"touch {root}/usr/bin/{ROOTS[place]}\n" +
        IMAGE_CONTENT.format(root + place))
    images.import_image(dockerd, root, name)
    yield name
    dockerd.remove_all()
    dockerd("rmi", "-f", name)


def shown(docker, container, place):
    return docker.shell(container, SHOW.format(place))


def test_shows_the_image_on_a_real_file_system(docker, image, place):
    box = docker.start_container(image=image)
    assert shown(docker, box, place) == SHOWN + "link\nof\nother\nsame\n"
    assert docker.shell(box, f"stat -fc %T {place}") != docker.shell(
        box, "stat -fc %T /")
    # The container's root can work on all of it; overlays go on top.
    docker.shell(box, f"chown 1000:1000 {place}/other && rm {place}/link && "
                 f"mv {place}/of {place}/moved && cat {place}/moved/image/file")
    assert docker.shell(box, OVERLAY.format(place)) == ""
    # The image is as it was.
    again = docker.start_container(image=image)
    assert shown(docker, again, place).startswith(SHOWN)


def test_persists_and_goes_away_with_its_container(docker, image, place):
    box = docker.start_container(image=image)
    docker.shell(box, f"echo kept > {place}/mine; chown 55:66 {place}/mine; "
                 f"rm {place}/same; " + OVERLAY.format(place))
    upper = docker.inspect(box, "{{.GraphDriver.Data.UpperDir}}")
    for how in (("stop", "-t", "0"), ("kill",)):
        docker(*how, box)
        docker("start", box)
        assert shown(docker, box, place) == (
            SHOWN + "link\nmine\no\nof\nother\n")
        assert docker.shell(box, f"cat {place}/mine; stat -c %u:%g "
                            f"{place}/mine") == "kept\n55:66\n"
    # As Docker's own commands see it, running or not.
    assert "kept" in docker("cp", f"{box}:{place}/mine", "-").out
    assert f"A {place}/mine" in docker("diff", box).out
    docker("rm", "-f", box)
    assert run("ls", upper, check=False).code != 0


def test_is_committed_with_the_images_ids(docker, image, place):
    box = docker.start_container(image=image)
    docker.shell(box, f"echo kept > {place}/mine; chown 55:66 {place}/mine; "
                 f"rm -r {place}/of; rm {place}/link {place}/same")
    docker("commit", box, "committed")
    docker("rm", "-f", box)
    try:
        # Under any runtime: the image knows nothing of us.
        for runtime in ("sysbox-runc", "runc"):
            assert docker.run(
                "sh", "-c", f"cd {place}; ls; cat mine; stat -c %u:%g:%a *",
                image="committed", runtime=runtime).out == (
                    "mine\nother\nkept\n55:66:644\n33:44:2750\n")
    finally:
        docker("rmi", "-f", "committed")


HIDE = ("cd {0}/o && rm -r merged/d merged/gone && mkdir merged/d && "
        "touch merged/d/new && umount merged")
MOUNT = OVERLAY.split(" && ")[2]


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_what_overlays_there_hide_is_committed(docker, image, place, state):
    """Whiteouts, and directories that were made anew: an engine's layers."""
    box = docker.start_container(image=image)
    docker.shell(box, f"mkdir -p {place}/o/low/d && "
                 f"touch {place}/o/low/d/old {place}/o/low/gone && " +
                 OVERLAY.format(place) + " && " + HIDE.format(place))
    if state == "stopped":
        docker("kill", box)
    docker("commit", box, "committed")
    docker("rm", "-f", box)
    try:
        again = docker.start_container(image="committed")
        docker.shell(again, MOUNT.format(place))
        assert docker.shell(again, f"cd {place}/o/merged; ls . d"
                            ) == ".:\nd\n\nd:\nnew\n"
    finally:
        docker.remove_all()
        docker("rmi", "-f", "committed")


@pytest.fixture
def own_daemon(daemon):
    """The daemon may be killed, and is there again for others."""
    yield daemon
    if daemon.process is None:
        daemon.start()


def test_the_daemon_may_be_killed(docker, own_daemon, image, place):
    box = docker.start_container(image=image)
    docker.shell(box, f"echo kept > {place}/mine")
    own_daemon.stop(signal.SIGKILL)
    docker.shell(box, f"cat {place}/mine; echo more >> {place}/mine")
    docker("kill", box)
    own_daemon.start()
    docker("start", box)
    assert docker.shell(box, f"cat {place}/mine") == "kept\nmore\n"
    assert shown(docker, box, place).startswith(SHOWN)
