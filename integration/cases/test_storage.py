"""Root file systems, volumes and binds: ids are true on the host's disk."""

import os


def test_files_of_the_rootfs_are_roots_on_disk(docker):
    container = docker.start_container(
        "sh", "-c", "touch /made; chown 1000:1000 /home; sleep 1000")
    docker("exec", container, "test", "-e", "/made")
    upper = docker.inspect(container, "{{.GraphDriver.Data.UpperDir}}")
    made = os.stat(f"{upper}/made")
    assert (made.st_uid, made.st_gid) == (0, 0)


def test_a_bind_source_keeps_true_ids(docker, tmp_path):
    (tmp_path / "mine").write_text("x")
    os.chown(tmp_path / "mine", 1000, 1000)
    result = docker.run(
        "sh", "-c", "stat -c %u:%g /b/mine; touch /b/made",
        options=["-v", f"{tmp_path}:/b"])
    assert result.out == "1000:1000\n"
    made = os.stat(tmp_path / "made")
    assert (made.st_uid, made.st_gid) == (0, 0)


def test_a_volume_keeps_true_ids(docker):
    docker("volume", "create", "v1")
    docker.run("touch", "/v/made", options=["-v", "v1:/v"])
    path = docker("volume", "inspect", "-f", "{{.Mountpoint}}", "v1")
    made = os.stat(path.out.strip() + "/made")
    assert (made.st_uid, made.st_gid) == (0, 0)
    docker("volume", "rm", "v1")


def test_a_read_only_bind_is_read_only(docker, tmp_path):
    (tmp_path / "f").write_text("x")
    for source, target in ((tmp_path, "/b"), (tmp_path / "f", "/b/f")):
        result = docker.run(
            "sh", "-c", "echo y > /b/f", check=False,
            options=["--mount",
                     f"type=bind,source={source},target={target},readonly"])
        assert result.code != 0
        assert "Read-only file system" in result.err
    assert (tmp_path / "f").read_text() == "x"


def test_commit_diff_and_cp_see_true_ids(docker, tmp_path):
    container = docker.start_container()
    docker("exec", container, "sh", "-c",
           "echo new > /made; chown 1000:1000 /made; rm /etc/group")
    diff = docker("diff", container).out.split("\n")
    assert "A /made" in diff and "D /etc/group" in diff
    docker("cp", f"{container}:/made", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "new\n"
    (tmp_path / "in").write_text("in\n")
    docker("cp", tmp_path / "in", f"{container}:/in")
    assert docker("exec", container, "cat", "/in").out == "in\n"
    docker("commit", container, "committed")
    assert docker.run("stat", "-c", "%u:%g", "/made",
                      image="committed").out == "1000:1000\n"
    docker("rmi", "-f", "committed")
