"""`docker cp` and a container that looked a name up before it was there."""

import os
import pathlib

import pytest

from harness import waiting


def test_a_file_copied_in_is_seen_by_who_waits_for_it(docker, tmp_path):
    container = docker.start_container(
        "sh", "-c", "while [ ! -f /go ]; do sleep 1; done; echo went")
    docker("exec", container, "test", "!", "-e", "/go")  # looked up
    (tmp_path / "go").write_text("x")
    docker("cp", tmp_path / "go", f"{container}:/go")
    assert docker("wait", container, timeout=20).out == "0\n"
    assert docker("logs", container).out == "went\n"


# Where it is in use inside: below /etc are mounts, and the shell is in the
# other. Neither was ever written to.
IN_USE = ["/etc", "/home/app"]


@pytest.mark.parametrize("directory", IN_USE)
def test_a_file_copied_into_a_directory_in_use(docker, tmp_path, directory):
    """The container sees it, and may go on writing there."""
    diffs = []
    for runtime in ("sysbox-runc", "runc"):
        container = docker.start_container(options=["-w", "/home/app"],
                                           runtime=runtime)
        docker.shell(container,
                     f"cd {directory}; ls; ! test -e late; ! test -e sub")
        (tmp_path / "late").write_text("late\n")
        (tmp_path / "sub").mkdir(exist_ok=True)
        (tmp_path / "sub/deep").write_text("deep\n")
        docker("cp", tmp_path / "late", f"{container}:{directory}/late")
        docker("cp", tmp_path / "sub", f"{container}:{directory}/")
        late, deep = f"{directory}/late", f"{directory}/sub/deep"
        waiting.until(lambda: docker.shell(
            container, f"cat {late} {deep}", check=False) == "late\ndeep\n")
        assert "late" in docker.shell(container, f"ls {directory}").split()
        docker.shell(container, f"cd {directory} && echo x > own && "
                     "echo y >> sub/deep && mkdir made && rm late")
        out = tmp_path / runtime
        docker("cp", f"{container}:{directory}/own", out)
        assert out.read_text() == "x\n"
        docker("stop", "-t", "0", container)
        diffs.append(sorted(docker("diff", container).out.splitlines()))
    assert diffs[0] == diffs[1]


# In use; not; in the upper layer already; where the engine makes its own.
EMPTY = ["/etc", "/home/app", "/var", "/srv/own", "/"]


@pytest.mark.parametrize("place", EMPTY)
def test_an_empty_directory_copied_in(docker, tmp_path, place):
    container = docker.start_container(options=["-w", "/home/app"])
    name = f"{place.rstrip('/')}/empty"
    docker.shell(container, f"mkdir -p /srv/own; ls {place}; ! test -e {name}")
    (tmp_path / "empty").mkdir()
    docker("cp", tmp_path / "empty", f"{container}:{place}/")
    waiting.until(lambda: docker.shell(
        container, f"test -d {name} && ls {place}", check=False).count("empty"))
    docker.shell(container, f"echo x > {name}/own; rmdir {name} 2>&1 | "
                 f"grep -q 'not empty'; rm -r {name}; mkdir {name}")


def test_many_files_at_once_into_a_directory_in_use(docker, tmp_path):
    """While the container writes there itself."""
    source = tmp_path / "many"
    for number in range(300):
        place = source / f"{number % 7}"
        place.mkdir(parents=True, exist_ok=True)
        (place / str(number)).write_text("x" * number)
    container = docker.start_container(
        "sh", "-c", "i=0; while :; do i=$((i+1)); echo $i > own.$((i%50)); "
        "done", options=["-w", "/home/app"])
    docker("cp", f"{source}/.", f"{container}:/home/app")
    count = "cd /home/app; find [0-6] -type f | wc -l; cat */* | wc -c"
    waiting.until(lambda: docker.shell(container, count).split() == [
        "300", str(sum(range(300)))])
    said = docker.shell(container, "echo x > /home/app/3/own; "
                        "ls -A /home/app | grep -vc own", check=False)
    assert said == "7\n"


@pytest.mark.xfail(strict=True, reason="overlayfs forgets no name of a file "
                   "that is open, and asks nobody about it")
def test_a_file_in_the_place_of_one_that_is_open(docker, tmp_path):
    """With runc there is but one superblock, which knows of both."""
    container = docker.start_container(
        "sh", "-c", "echo old > /tmp/f; exec tail -f /tmp/f")
    waiting.until(lambda: docker("logs", container).out == "old\n")
    (tmp_path / "f").write_text("new\n")
    docker("cp", tmp_path / "f", f"{container}:/tmp/f")
    waiting.until(lambda: docker.shell(container, "cat /tmp/f") == "new\n",
                  seconds=2)


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
