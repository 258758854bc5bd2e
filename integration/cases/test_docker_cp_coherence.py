"""`docker cp` and a container that looked a name up before it was there."""

import os
import pathlib

from harness import waiting


def test_a_file_copied_in_is_seen_by_who_waits_for_it(docker, tmp_path):
    container = docker.start_container(
        "sh", "-c", "while [ ! -f /go ]; do sleep 1; done; echo went")
    docker("exec", container, "test", "!", "-e", "/go")  # looked up
    (tmp_path / "go").write_text("x")
    docker("cp", tmp_path / "go", f"{container}:/go")
    assert docker("wait", container, timeout=20).out == "0\n"
    assert docker("logs", container).out == "went\n"


def test_a_file_made_inside_is_copied_out_by_who_waits_for_it(docker,
                                                              tmp_path):
    container = docker.start_container(
        "sh", "-c", "while [ ! -f /now ]; do sleep 1; done; "
        "echo yes > /ready; sleep 1000")

    def copy():
        return docker("cp", f"{container}:/ready", tmp_path, check=False)

    assert copy().code != 0  # too early
    docker("exec", container, "touch", "/now")
    waiting.until(lambda: copy().code == 0)
    assert (tmp_path / "ready").read_text() == "yes\n"


def test_a_read_only_root_stays_read_only(docker, tmp_path):
    container = docker.start_container(options=["--read-only"])
    before = docker.shell(container, "grep ' / ' /proc/self/mountinfo")
    docker("cp", f"{container}:/etc/passwd", tmp_path)
    assert docker.shell(
        container, "grep ' / ' /proc/self/mountinfo") == before
    result = docker("exec", container, "touch", "/x", check=False)
    assert "Read-only file system" in result.err


def test_nothing_is_left_of_a_removed_container(docker, daemon, tmp_path):
    def daemon_fds():
        return len(os.listdir(f"/proc/{daemon.worker()}/fd"))

    def overlays():
        mounts = pathlib.Path("/proc/self/mountinfo").read_text()
        return mounts.count(" - overlay ")

    before = daemon_fds(), overlays()
    container = docker.start_container()
    upper = docker.inspect(container, "{{.GraphDriver.Data.UpperDir}}")
    docker.shell(container, "for i in 1 2 3 4 5 6 7 8; do echo > /f$i; done")
    (tmp_path / "in").write_text("x")
    docker("cp", tmp_path / "in", f"{container}:/in")
    docker("rm", "-f", container)
    assert not os.path.exists(upper)
    waiting.until(lambda: (daemon_fds(), overlays()) == before)
