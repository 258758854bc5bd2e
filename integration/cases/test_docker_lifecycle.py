"""A container's life in Docker's commands: as with runc."""

import json
import os
import threading
import time

import pytest

from harness.waiting import until

# As pid 1 says so itself: on SIGTERM it ends, at once, with 3.
TRAP = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done"


def state(docker, container):
    return json.loads(docker.inspect(container, "{{json .State}}"))


def await_output(docker, container, text):
    until(lambda: text in docker("logs", container).out)


def test_stop_lets_the_program_end_itself(docker):
    container = docker.start_container("sh", "-c", TRAP)
    await_output(docker, container, "up")
    start = time.monotonic()
    docker("stop", "-t", "20", container)
    assert time.monotonic() - start < 10
    assert docker("logs", container).out == "up\nbye\n"
    assert state(docker, container)["ExitCode"] == 3


def test_stop_kills_after_its_grace_period(docker):
    container = docker.start_container("sleep", "1000")
    docker("stop", "-t", "1", container)
    assert state(docker, container)["ExitCode"] == 137


@pytest.mark.parametrize("signal, code", [("KILL", 137), ("TERM", 3)])
def test_kill(docker, signal, code):
    container = docker.start_container("sh", "-c", TRAP)
    await_output(docker, container, "up")
    docker("kill", "-s", signal, container)
    assert docker("wait", container).out == f"{code}\n"


def test_restart_keeps_the_files_and_changes_the_process(docker):
    container = docker.start_container("sh", "-c",
                                       "echo x >> /count; exec sleep 1000")
    until(lambda: docker.shell(container, "cat /count") == "x\n")
    first = docker.pid(container)
    docker("restart", "-t", "0", container)
    until(lambda: docker.shell(container, "cat /count") == "x\nx\n")
    assert docker.pid(container) != first
    docker("stop", "-t", "0", container)
    docker("start", container)
    until(lambda: docker.shell(container, "cat /count") == "x\nx\nx\n")


def test_rm_needs_force_while_it_runs(docker):
    container = docker.start_container()
    refused = docker("rm", container, check=False)
    assert refused.code == 1 and "running" in refused.err
    docker("rm", "-f", container)
    assert docker("ps", "-aq").out == ""


def test_run_rm_leaves_nothing(docker, host_unchanged):
    docker.run("sh", "-c", "mkdir -p /a/b; sleep 1000 & exit 4", check=False)
    assert docker("ps", "-aq").out == ""


def test_pause_stops_every_process_until_unpause(docker):
    container = docker.start_container(
        "sh", "-c", "while :; do echo x; sleep 0.05; done")
    await_output(docker, container, "x")
    docker("pause", container)
    assert state(docker, container)["Status"] == "paused"
    paused = len(docker("logs", container).out)
    time.sleep(0.5)
    assert len(docker("logs", container).out) == paused
    refused = docker("exec", container, "true", check=False)
    assert refused.code == 1 and "is paused" in refused.err
    docker("unpause", container)
    until(lambda: len(docker("logs", container).out) > paused)
    assert docker.shell(container, "echo on") == "on\n"


def test_a_paused_container_can_be_removed(docker, host_unchanged):
    container = docker.start_container()
    docker("pause", container)
    docker("rm", "-f", container)


def test_logs_keep_both_streams_apart(docker):
    container = docker.start_container("sh", "-c", "echo out; echo err >&2")
    docker("wait", container)
    logs = docker("logs", container)
    assert (logs.out, logs.err) == ("out\n", "err\n")
    followed = docker("logs", "-f", "--tail", "1", container)
    assert followed.code == 0


def test_standard_input_is_passed_on(docker):
    result = docker.run("sh", "-c", "cat; echo end", options=["-i"],
                        input="one\ntwo\n")
    assert result.out == "one\ntwo\nend\n"


def test_top_shows_the_processes_with_host_ids(docker):
    container = docker.start_container("sh", "-c", "sleep 777 & sleep 888")
    until(lambda: "sleep 777" in docker("top", container).out)
    lines = docker("top", container, "-o", "pid,uid,args").out.splitlines()
    rows = {line.split(None, 2)[2]: line.split()[:2] for line in lines[1:]}
    assert {"sleep 777", "sleep 888"} <= set(rows)
    outside = docker.shell(container, "cat /proc/self/uid_map").split()[1]
    assert rows["sleep 777"][1] == outside
    assert rows["sleep 888"][0] != "1"


def test_wait_returns_the_exit_code(docker):
    container = docker.start_container("sh", "-c", "sleep 0.3; exit 9")
    assert docker("wait", container).out == "9\n"


def test_inspect_shows_runtime_pid_and_paths(docker):
    container = docker.start_container(options=["--hostname", "h"])
    found = json.loads(docker("inspect", container).out)[0]
    assert found["HostConfig"]["Runtime"] == "sysbox-runc"
    assert found["State"]["Running"] and found["State"]["Pid"] > 1
    with open(f"/proc/{found['State']['Pid']}/comm") as comm:
        assert comm.read() == "sleep\n"


def test_restart_always_brings_it_back(docker):
    container = docker.start_container(options=["--restart", "always"])
    first = docker.pid(container)
    with open(f"/proc/{first}/comm") as comm:
        assert comm.read() == "sleep\n"
    docker.shell(container, "kill -KILL -1", check=False)
    os.kill(first, 9)
    until(lambda: docker.pid(container) not in (0, first))
    assert docker.inspect(container, "{{.RestartCount}}") == "1"


def test_restart_on_failure_gives_up(docker):
    container = docker.start_container(
        "sh", "-c", "echo try; exit 5", options=["--restart", "on-failure:2"])
    until(lambda: state(docker, container)["Status"] == "exited" and
          docker.inspect(container, "{{.RestartCount}}") == "2")
    assert docker("logs", container).out == "try\n" * 3
    assert state(docker, container)["ExitCode"] == 5


def test_attach_sees_the_output_and_the_end(docker):
    name = docker("create", "--runtime", "sysbox-runc", "busybox", "sh", "-c",
                  "echo hello; exit 6").out.strip()
    result = docker("start", "-a", name, check=False)
    assert (result.code, result.out) == (6, "hello\n")


def test_docker_events_tell_of_start_and_death(docker):
    since = time.time()
    docker.run("true")
    events = docker("events", "--since", f"{since:.3f}", "--until",
                    f"{time.time() + 1:.3f}", "--filter", "type=container",
                    "--format", "{{.Status}}").out.split()
    assert ["create", "start", "die", "destroy"] == [
        event for event in events if event != "attach"]


def test_sixteen_at_once(docker, host_unchanged):
    results = [None] * 16

    def one(number):
        results[number] = docker.run(
            "sh", "-c", f"echo {number}; cat /proc/self/uid_map", check=False)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, result in enumerate(results):
        assert result.code == 0, result
        assert result.out.split()[0] == str(number)
    assert len({result.out.split()[2] for result in results}) > 1
