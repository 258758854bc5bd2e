"""Root inside against those who answer its trapped calls: what it gets by
them is its own, and nobody else notices."""

import contextlib

import pytest

from harness import cgroup
from harness.waiting import until


@pytest.mark.parametrize("where", ["/proc/1/ns/pid", "/proc/self/ns/pid",
                                   "/proc/thread-self/ns/pid"])
def test_a_new_procfs_shows_the_containers_processes(hosted, name, where):
    """Whatever pid namespace its options name (Linux 6.18)."""
    said = hosted.shell(f"""
        mkdir /tmp/p; mount -t proc -o pidns={where} p /tmp/p 2>/dev/null
        test ! -e /tmp/p/1 || cmp /tmp/p/1/cmdline /proc/1/cmdline &&
        echo "its own" """, name, check=False).out
    assert said == "its own\n"


@contextlib.contextmanager
def no_more_threads(process):
    """As if containers had used up the host's numbers."""
    before = cgroup.of(process).get("pids")
    if before is None:
        pytest.skip("no pids controller of cgroup v1")
    directory = before / f"test-{process}"
    directory.mkdir()
    try:
        (directory / "cgroup.procs").write_text(str(process))
        (directory / "pids.max").write_text(
            (directory / "pids.current").read_text())
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            (before / "cgroup.procs").write_text(str(process))
        until(lambda: not (directory / "cgroup.procs").read_text())
        directory.rmdir()


def test_answers_go_on_where_there_can_be_no_more_threads(hosted, name,
                                                          daemon):
    hosted.start(name)
    worker = daemon.worker()
    with no_more_threads(worker):
        said = hosted("exec", name, "sh", "-c", """
            for caller in 1 2 3 4 5 6; do
                (for i in $(seq 20); do
                    mknod /tmp/$caller c 1 3 && rm /tmp/$caller
                done; echo done) &
            done; wait""", timeout=60).out
    assert said == "done\n" * 6
    assert daemon.worker() == worker, daemon.read_log()[-2000:]


def test_a_node_of_the_console_opens_nothing_of_the_hosts(hosted, name):
    said = hosted.shell("""
        mknod /tmp/console c 5 1 && echo made
        (echo x >/tmp/console) 2>/dev/null || echo refused
        (read x </tmp/console) 2>/dev/null || echo refused""", name).out
    assert said == "made\nrefused\nrefused\n"
