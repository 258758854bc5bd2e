"""Engines inside a container with read-only binds, which the kernel has locked:
they run as without, and nothing that they run can write there."""

import pytest

from harness import images
from harness.systems import InnerImage, boot

WRITE = ("touch {0}/new; mount -o remount,rw,bind {0}; touch {0}/new; "
         "mkdir -p /copy && mount --bind {0} /copy && "
         "mount -o remount,rw,bind /copy; touch /copy/new; "
         "umount {0}; touch {0}/new; true")


@pytest.fixture(scope="module")
def shared(workspace):
    """A directory and a file of the host's, given read-only."""
    directory = workspace / "shared"
    (directory / "sub").mkdir(parents=True)
    (directory / "sub/file").write_text("the host's\n")
    directory.chmod(0o777)
    return directory


@pytest.fixture(scope="module")
def engine(dockerd, daemon, workspace, shared):
    inner = InnerImage(dockerd, workspace)
    container = boot(
        dockerd, images.make_system_image(dockerd, "syscont-docker"),
        *inner.options(), "-v", f"{shared}:/ro:ro",
        "-v", f"{shared}/sub/file:/etc/given:ro")

    def shell(script, check=True):
        return dockerd.shell(container, script, check=check)

    shell(f"docker load -q -i {inner.PLACE}")
    yield shell
    dockerd("rm", "-f", container)


@pytest.fixture(autouse=True)
def unchanged(shared):
    yield
    assert sorted(p.name for p in shared.rglob("*")) == ["file", "sub"]
    assert (shared / "sub/file").read_text() == "the host's\n"


@pytest.mark.parametrize("how", [
    "-v /ro:/x", "-v /ro:/x:ro", "-v /ro:/x:rshared",
    "--mount type=bind,src=/ro,dst=/x,bind-nonrecursive=true",
    "--privileged -v /ro:/x", "--privileged --net=host --pid=host -v /ro:/x"])
def test_a_bind_of_it(engine, how):
    assert engine(f"docker run --rm {how} busybox cat /x/sub/file"
                  ) == "the host's\n"
    engine(f"docker run --rm {how} busybox sh -c '{WRITE.format('/x')}'",
           check=False)


@pytest.mark.parametrize("how", [
    "-v /:/h", "--mount type=bind,src=/,dst=/h,bind-nonrecursive=true"])
def test_a_bind_of_all(engine, how):
    assert "etc" in engine(f"docker run --rm {how} busybox ls /h")
    engine(f"docker run --rm --privileged {how} busybox "
           f"sh -c '{WRITE.format('/h/ro')}'", check=False)


def test_a_bind_of_a_file(engine):
    assert engine("docker run --rm -v /etc/given:/g busybox cat /g"
                  ) == "the host's\n"
    engine("docker run --rm --privileged -v /etc/given:/g busybox sh -c "
           "'echo x >/g; mount -o remount,rw,bind /g; echo x >/g'",
           check=False)


def test_runtimes_by_hand(engine):
    """pivot_root(2) of runc, in namespaces that containerd's ctr made."""
    out = engine("""
        ctr images import /inner.tar >/dev/null
        name=$(ctr images ls -q | grep busybox | head -n1)
        ctr run --rm --mount type=bind,src=/ro,dst=/x,options=rbind:ro \
          "$name" one cat /x/sub/file
        ctr run --rm --privileged \
          --mount type=bind,src=/ro,dst=/x,options=rbind:rw "$name" two \
          sh -c 'touch /x/new; mount -o remount,rw,bind /x; touch /x/new; true'
        """)
    assert out == "the host's\n"


def test_a_nested_user_namespace(engine):
    out = engine("unshare -Urmpf --mount-proc sh -c 'cat /ro/sub/file; " +
                 WRITE.format("/ro") + "' 2>/dev/null", check=False)
    assert out == "the host's\n"


def test_containers_that_share_a_network(docker, shared):
    first = docker.start_container(options=["-v", f"{shared}:/ro:ro"])
    second = docker.start_container(options=[
        "--net", f"container:{first}", "-v", f"{shared}:/ro:ro",
        "-v", f"{shared}/sub:/sub:ro", "--read-only"])
    for box in (first, second):
        assert docker.shell(box, "cat /ro/sub/file") == "the host's\n"
        docker.shell(box, WRITE.format("/ro"), check=False)
    docker.shell(second, WRITE.format("/sub"), check=False)
    # The one's user namespace is the other's, but not its mounts.
    assert docker.shell(second, "readlink /proc/self/ns/user") == docker.shell(
        first, "readlink /proc/self/ns/user")
    docker.shell(first, "nsenter -t 1 -m sh -c '" + WRITE.format("/ro") + "'",
                 check=False)
