"""Root file systems, volumes and binds: ids are true on the host's disk."""

import io
import os
import tarfile

import pytest

from harness import images
from harness.command import run
from harness.waiting import until

def owner(path):
    info = os.lstat(path)
    return info.st_uid, info.st_gid


def test_files_of_the_rootfs_are_roots_on_disk(docker):
    container = docker.start_container(
        "sh", "-c", "touch /made; chown 1000:1000 /home; exec sleep 1000")
    until(lambda: docker.shell(container, "stat -c %u /home") == "1000\n")
    upper = docker.inspect(container, "{{.GraphDriver.Data.UpperDir}}")
    assert owner(f"{upper}/made") == (0, 0)
    assert owner(f"{upper}/home") == (1000, 1000)


def test_files_of_the_image_keep_their_owners(docker):
    result = docker.run("stat", "-c", "%u:%g %a", "/home/app", "/tmp", "/etc")
    assert result.out.splitlines() == ["1000:1000 755", "0:0 1777", "0:0 755"]


def test_a_bind_source_keeps_true_ids(docker, disk):
    (disk / "mine").write_text("x")
    os.chown(disk / "mine", 1000, 1000)
    (disk / "strange").write_text("x")
    os.chown(disk / "strange", 70000, 70000)
    result = docker.run(
        "sh", "-c", "stat -c %u:%g /b/mine /b/strange; touch /b/made; "
        "mkdir /b/d; ln -s x /b/l; mknod /b/p p",
        options=["-v", f"{disk}:/b"])
    assert result.out == "1000:1000\n65534:65534\n"
    for made in ("made", "d", "l", "p"):
        assert owner(disk / made) == (0, 0), made


def test_a_volume_keeps_true_ids(docker):
    docker("volume", "create", "v1")
    docker.run("touch", "/v/made", options=["-v", "v1:/v"])
    path = docker("volume", "inspect", "-f", "{{.Mountpoint}}", "v1")
    assert owner(path.out.strip() + "/made") == (0, 0)
    assert docker.run("ls", "/v", options=["-v", "v1:/v"]).out == "made\n"
    docker("volume", "rm", "v1")


def test_a_new_volume_gets_what_the_image_has_there(docker):
    result = docker.run("stat", "-c", "%u:%g %n", "/etc/passwd", "/home/app",
                        options=["-v", "v2:/etc", "-v", "v3:/home"])
    assert result.out == "0:0 /etc/passwd\n1000:1000 /home/app\n"
    docker("volume", "rm", "v2", "v3")


def test_two_containers_share_a_volume(docker):
    first = docker.start_container(options=["-v", "v4:/v"])
    second = docker.start_container(options=["-v", "v4:/v"])
    docker.shell(first, "echo hi > /v/x; chown 33:44 /v/x; chmod 600 /v/x")
    assert docker.shell(second, "cat /v/x; stat -c %u:%g /v/x") == (
        "hi\n33:44\n")
    docker.remove_all()
    docker("volume", "rm", "v4")


def test_a_read_only_bind_is_read_only(docker, disk):
    (disk / "f").write_text("x")
    for source, target in ((disk, "/b"), (disk / "f", "/b/f")):
        result = docker.run(
            "sh", "-c", "echo y > /b/f", check=False,
            options=["--mount",
                     f"type=bind,source={source},target={target},readonly"])
        assert result.code != 0
        assert "Read-only file system" in result.err
    assert (disk / "f").read_text() == "x"


def test_a_single_file_bind_is_written_in_place(docker, disk):
    (disk / "f").write_text("x")
    os.chown(disk / "f", 5, 6)
    result = docker.run(
        "sh", "-c", "stat -c %u:%g /etc/deep/f; echo y > /etc/deep/f",
        options=["--mount",
                 f"type=bind,source={disk}/f,target=/etc/deep/f"])
    assert result.out == "5:6\n"
    assert (disk / "f").read_text() == "y\n"
    assert owner(disk / "f") == (5, 6)


def test_bind_propagation(docker, disk):
    for mode in ("rprivate", "private", "rslave", "slave", "rshared", "shared"):
        result = docker.run("ls", "/b", options=["-v", f"{disk}:/b:{mode}"])
        assert result.code == 0, mode


def test_a_missing_bind_source_is_an_error(docker, disk):
    options = ["--mount", f"type=bind,source={disk}/nope,target=/b"]
    result = docker.run("true", options=options, check=False)
    assert result.code == 125
    assert "bind source path does not exist" in result.err


def test_tmpfs_options(docker):
    result = docker.run(
        "sh", "-c", "grep ' /scratch ' /proc/mounts; stat -c '%a %u' /scratch;"
        "dd if=/dev/zero of=/scratch/x bs=64k count=32 2>&1 | head -1",
        options=["--tmpfs", "/scratch:size=1m,mode=700,noexec"])
    assert "size=1024k" in result.out and "noexec" in result.out
    assert "700 0" in result.out
    assert "No space left" in result.out


def test_volumes_from(docker):
    first = docker.start_container(options=["-v", "v5:/data"])
    docker.shell(first, "echo x > /data/f")
    result = docker.run("cat", "/data/f", options=["--volumes-from", first])
    assert result.out == "x\n"
    docker.remove_all()
    docker("volume", "rm", "v5")


@pytest.fixture
def fuse(disk):
    """Mounts a directory of the case's a second time, by FUSE."""
    def mount(*options):
        run("bindfs", *options, disk / "real", disk / "fuse")
        return disk / "fuse"

    for name in ("real", "fuse"):
        (disk / name).mkdir()
    (disk / "real").chmod(0o777)
    (disk / "real/f").write_text("x\n")
    yield mount
    run("umount", disk / "fuse", check=False)


def test_a_fuse_source(docker, fuse):
    """To its server, the container's root is who he is on the host."""
    source = fuse()
    result = docker.run("sh", "-c", "cat /b/f; touch /b/made; stat -c %u "
                        "/b/f /b/made", options=["-v", f"{source}:/b"])
    assert result.out == "x\n65534\n0\n"
    assert owner(source / "made")[0] >= 65536


def test_a_fuse_source_for_nobody_else(docker, fuse):
    source = fuse("--no-allow-other")
    result = docker.run("true", options=["-v", f"{source}:/b"], check=False)
    assert result.code == 125
    assert (f"{source} on /b: a FUSE file system that was mounted without "
            "allow_other: Permission denied") in result.err


def test_a_socket_of_the_hosts(docker):
    """With its mode and group: here Docker's own."""
    image = images.make_system_image(docker, "syscont-docker")
    result = docker.run("docker", "ps", "--format", "{{.Image}}", image=image,
                        options=["-v", f"{docker.socket}:/var/run/docker.sock"])
    assert result.out == f"{image}\n"


def test_skip_uid_shift_leaves_a_mount_unmapped(docker, disk):
    (disk / "mine").write_text("x")
    os.chown(disk / "mine", 1000, 1000)
    result = docker.run(
        "stat", "-c", "%u", "/b/mine",
        options=["-v", f"{disk}:/b", "-e", "SYSBOX_SKIP_UID_SHIFT=/b"])
    assert result.out == "65534\n"


def test_cp_out_of_and_into_a_running_container(docker, disk):
    container = docker.start_container()
    docker.shell(container, "mkdir /d; echo new > /d/made; "
                 "chown 1000:1000 /d/made; ln -s made /d/link")
    docker("cp", f"{container}:/d", disk / "out")
    assert (disk / "out/made").read_text() == "new\n"
    assert os.readlink(disk / "out/link") == "made"
    stream = docker("cp", f"{container}:/d", "-").out
    with tarfile.open(fileobj=io.BytesIO(stream.encode())) as tar:
        assert (tar.getmember("d/made").uid,
                tar.getmember("d/made").gid) == (1000, 1000)
    (disk / "in").mkdir()
    (disk / "in/f").write_text("in\n")
    os.chown(disk / "in/f", 7, 8)
    docker("cp", "-a", disk / "in", f"{container}:/srv")
    assert docker.shell(container, "cat /srv/f; stat -c %u:%g /srv/f") == (
        "in\n7:8\n")


def test_cp_of_a_stopped_container(docker, disk):
    container = docker.start_container("sh", "-c", "echo x > /f; chown 9 /f")
    docker("wait", container)
    docker("cp", f"{container}:/f", disk / "f")
    assert (disk / "f").read_text() == "x\n"
    (disk / "g").write_text("g\n")
    docker("cp", disk / "g", f"{container}:/g")
    assert "A /g" in docker("diff", container).out


def test_diff_and_commit_of_new_files_see_true_ids(docker):
    container = docker.start_container(
        "sh", "-c", "echo new > /made; chown 1000:1000 /made")
    docker("wait", container)
    assert docker("diff", container).out == "A /made\n"
    docker("commit", container, "committed")
    assert docker.run("stat", "-c", "%u:%g", "/made",
                      image="committed").out == "1000:1000\n"
    docker("rmi", "-f", "committed")


CHANGES = ("echo a >> /etc/passwd; rm /etc/group; mkdir -p /new/sub; "
           "mv /home/app /home/moved; rm -r /var; mkdir /var; "
           "chmod 700 /usr; echo x > /new/sub/f")


def changed(docker, runtime, stopped):
    container = docker.start_container(
        "sh", "-c", f"{CHANGES}; echo done; sleep 1000", runtime=runtime)
    until(lambda: "done" in docker("logs", container).out)
    if stopped:
        docker("stop", "-t", "0", container)
    return container


@pytest.mark.parametrize("stopped", [True, False])
def test_diff_is_as_with_runc(docker, stopped):
    diffs = [sorted(docker("diff", changed(docker, runtime, stopped))
                    .out.splitlines()) for runtime in ("sysbox-runc", "runc")]
    assert diffs[0] == diffs[1]


@pytest.mark.parametrize("stopped", [True, False])
def test_a_commit_holds_every_change(docker, stopped):
    container = changed(docker, "sysbox-runc", stopped)
    docker("commit", container, "changed")
    try:
        said = docker.run(
            "sh", "-c", "tail -1 /etc/passwd; ls /etc/group; "
            "stat -c '%u %n' /home/*; stat -c %a /usr; ls /var; "
            "cat /new/sub/f", image="changed", check=False)
        assert said.out.splitlines() == [
            "a", "1000 /home/moved", "700", "x"], said
    finally:
        docker("rmi", "-f", "changed")


def test_export_has_the_containers_files(docker, disk):
    container = docker.start_container("sh", "-c", "echo x > /made")
    docker("wait", container)
    docker("export", "-o", disk / "out.tar", container)
    with tarfile.open(disk / "out.tar") as tar:
        member = tar.getmember("made")
        assert (member.uid, member.gid) == (0, 0)
