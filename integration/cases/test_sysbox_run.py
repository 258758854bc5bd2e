"""`sysbox run` and its companions: no Docker, no daemon, no config.json."""

import json
import os
import signal
import subprocess

import pytest

from harness.command import run
from harness.terminal import Terminal
from harness.waiting import until


@pytest.fixture
def box(binary, shared_rootfs, daemon):
    def run_box(*args, options=(), **more):
        return run(binary, "run", "--rootfs", shared_rootfs, *options, "--",
                   *args, **more)
    run_box.rootfs = shared_rootfs
    return run_box


@pytest.mark.parametrize("with_daemon", [True, False])
def test_a_command(box, daemon, name, with_daemon):
    if not with_daemon:
        daemon.stop()
    try:
        result = box("sh", "-c", "id -u; hostname; cut -c1-60 "
                     "/proc/self/uid_map; exit 5",
                     options=["--hostname", "mybox"], check=False)
        assert result.code == 5
        uid, hostname, *mapping = result.out.split()
        assert (uid, hostname, mapping[0], mapping[2]) == (
            "0", "mybox", "0", "65536")
        assert int(mapping[1]) >= 65536
    finally:
        if not with_daemon:
            daemon.start()


def test_calls_are_intercepted_without_a_daemon(binary, box, daemon, name):
    """For a process that joins the container later, too."""
    script = ("mkdir -p /tmp/p{0} && mknod /tmp/null{0} c 1 3 && "
              "mount -t proc p /tmp/p{0} && "
              "grep -c /tmp/p{0}/uptime /proc/mounts && umount /tmp/p{0} && "
              "rm /tmp/null{0} && rmdir /tmp/p{0} && echo done")
    daemon.stop()
    try:
        with subprocess.Popen(
                [binary, "run", "--rootfs", box.rootfs, "--name", name, "--",
                 "sh", "-c", script.format(1) + "; exec sleep 1000"],
                stdout=subprocess.PIPE, text=True) as process:
            assert [process.stdout.readline() for _ in range(2)] == [
                "1\n", "done\n"]
            joined = run(binary, "runc", "exec", name, "sh", "-c",
                         script.format(2))
            assert joined.out == "1\ndone\n"
            run(binary, "runc", "kill", name, "KILL")
            assert process.wait(timeout=20) == 137
        assert os.listdir("/run/sysbox/embedded") == []
    finally:
        daemon.start()


def test_options(box, disk):
    (disk / "f").write_text("x\n")
    result = box("sh", "-c", "pwd; id -u; echo $A-$B; cat /v/f; "
                 "touch /v/made || echo ro",
                 options=["-w", "/tmp", "-u", "1000:1000", "-e", "A=1", "-e",
                          "B", "-v", f"{disk}:/v:ro"],
                 env={**os.environ, "B": "passed on"})
    assert result.out.splitlines() == ["/tmp", "1000", "1-passed on", "x",
                                       "ro"]


def test_standard_input(box):
    assert box("cat", options=["-i"], input="through\n").out == "through\n"


def test_a_terminal(binary, shared_rootfs, daemon):
    with Terminal(binary, "run", "--rootfs", shared_rootfs, "--",
                  "sh") as user:
        user.expect("# ")
        user.type("tty; exit 3\n")
        user.expect("/dev/pts/0")
        assert user.wait() == 3


def test_ps_and_inspect(binary, shared_rootfs, daemon, name):
    with subprocess.Popen([binary, "run", "--rootfs", shared_rootfs, "--name",
                           name, "--", "sleep", "1000"]) as process:
        until(lambda: [row for row in json.loads(
            run(binary, "ps", "--json").out)
            if name in row.values() and "running" in row.values()])
        assert name in run(binary, "ps").out
        found = json.loads(run(binary, "inspect", name).out)
        assert name in json.dumps(found)
        run(binary, "runc", "kill", name, "KILL")
        assert process.wait(timeout=20) == 137
    assert name not in run(binary, "ps").out
    assert run(binary, "inspect", name, check=False).code == 1


@pytest.fixture
def killed(binary, shared_rootfs, daemon, name):
    """A container whose `sysbox run` was killed."""
    with subprocess.Popen([binary, "run", "--rootfs", shared_rootfs, "--name",
                           name, "--", "sleep", "1000"]) as process:
        until(lambda: run(binary, "inspect", name, check=False).code == 0
              and '"running"' in run(binary, "inspect", name).out)
        process.kill()
    return json.loads(run(binary, "inspect", name).out)


def test_a_killed_run_keeps_its_name_while_the_container_runs(
        box, binary, killed, name, nothing_left):
    again = box("true", options=["--name", name], check=False)
    assert again.code == 1 and len(again.err.splitlines()) == 1
    assert f"it is running (process {killed['pid']})" in again.err
    assert run(binary, "rm", name, check=False).code == 1
    run(binary, "rm", "--force", name)
    assert box("echo", "again", options=["--name", name]).out == "again\n"
    assert run(binary, "rm", name, check=False).code == 1  # there is none


def test_a_killed_run_loses_its_name_with_the_container(
        box, killed, name, nothing_left):
    os.kill(killed["pid"], signal.SIGKILL)
    until(lambda: not os.path.exists(f"/proc/{killed['pid']}"))
    assert box("echo", "again", options=["--name", name]).out == "again\n"
    assert not os.path.exists(f"/run/sysbox/bundles/{name}")


def test_a_name_is_taken_while_its_run_lives(box, binary, shared_rootfs, name,
                                             daemon):
    with subprocess.Popen([binary, "run", "--rootfs", shared_rootfs, "--name",
                           name, "--", "sleep", "1000"]) as process:
        until(lambda: run(binary, "inspect", name, check=False).code == 0
              and '"running"' in run(binary, "inspect", name).out)
        again = box("true", options=["--name", name], check=False)
        assert again.code == 1 and "of that name is running" in again.err
        run(binary, "rm", "--force", name)
        assert process.wait(timeout=20) == 137
    assert not os.path.exists(f"/run/sysbox/bundles/{name}")


@pytest.fixture
def started(binary, shared_rootfs, daemon, name):
    """`started(SCRIPT)`: a `sysbox run` in the background that has said "up"."""
    processes = []

    def start(script):
        process = subprocess.Popen(
            [binary, "run", "--rootfs", shared_rootfs, "--name", name, "-i",
             "-e", "OF=run", "-w", "/tmp", "--", "sh", "-c", script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout.readline() == "up\n"
        return process

    yield start
    for process in processes:
        run(binary, "rm", "--force", name, check=False)
        process.wait(timeout=20)
        process.stdout.close()


def test_exec(binary, name, started):
    started("echo up; exec sleep 1000")
    said = run(binary, "exec", "-e", "A=1", "-e", "B", "-u", "7:8", name, "sh",
               "-c", "pwd; id -u; id -g; echo $OF $A $B; cat; exit 5",
               env={**os.environ, "B": "passed"}, input="in\n", check=False)
    assert said.out.split() == ["/tmp", "7", "8", "run", "1", "passed", "in"]
    assert said.code == 5
    assert run(binary, "exec", "-w", "/etc", name, "--",
               "pwd").out == "/etc\n"
    with Terminal(binary, "exec", name) as user:  # a shell
        user.expect("# ")
        user.type("tty; exit 3\n")
        user.expect("/dev/pts/")
        assert user.wait() == 3
    missing = run(binary, "exec", name, "/not/there", check=False)
    assert missing.code == 255 and len(missing.err.splitlines()) == 1


def test_stop_asks_first(binary, name, nothing_left, started):
    process = started("trap 'exit 7' TERM; echo up; "
                      "while :; do sleep 0.1; done")
    run(binary, "stop", "--time", "60", name)
    assert process.wait(timeout=20) == 7


def test_stop_kills_what_does_not_listen(binary, name, nothing_left, started):
    process = started("echo up; exec sleep 1000")  # process 1: no SIGTERM
    run(binary, "stop", "-t", "0", name)
    assert process.wait(timeout=20) == 137


@pytest.mark.parametrize("arguments", [
    ["exec", "nothing-here", "true"], ["stop", "nothing-here"],
    ["exec"], ["stop"], ["exec", "../x", "true"],
    ["run"], ["run", "--rootfs", "/does/not/exist", "--", "true"],
    ["run", "--rootfs", "/etc/passwd", "--", "true"],
    ["run", "--rootfs", "/", "--name", "../x", "--", "true"],
    ["run", "--rootfs", "/", "-v", "nocolon", "--", "true"],
    ["nonsense"], ["inspect", "nothing-here"], ["daemon", "--id-mode", "nope"],
])
def test_mistakes_are_one_line(binary, daemon, host_unchanged, arguments):
    result = run(binary, *arguments, check=False)
    assert result.code != 0
    assert len(result.err.splitlines()) == 1, result


def test_a_second_daemon_is_refused(binary, daemon, disk):
    result = run(binary, "daemon", "--data-root", disk, check=False)
    assert result.code == 1
    assert len(result.err.splitlines()) == 1 and "is running" in result.err


def test_help_of_every_command(binary):
    text = run(binary, "help").out
    commands = [line.split()[0] for line in text.partition("Commands\n")[2]
                .partition("\n\n")[0].splitlines()]
    assert {"run", "ps", "inspect", "install", "uninstall", "daemon", "runc",
            "spec", "features", "help"} <= set(commands)
    for command in set(commands) - {"help"}:
        said = run(binary, "help", command)
        assert "usage" in said.out.lower(), command
