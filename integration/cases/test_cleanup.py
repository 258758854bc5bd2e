"""Nothing is left behind, however a container ends or fails to begin."""

import concurrent.futures
import random
import signal
import subprocess
import time

import pytest


def test_many_one_after_another(bundle, name, nothing_left):
    bundle.save(args=["true"])
    for i in range(200):
        bundle("run", f"{name}{i}")


def test_many_at_once(bundle, name, nothing_left):
    bundle.save(args=["true"])
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda i: bundle("run", f"{name}{i}"), range(32)))


def test_many_running_at_once(bundle, name, nothing_left):
    bundle.save(args=["sleep", "1000"])

    def live(id):
        bundle.detached("create", id)
        bundle("start", id)
        bundle("delete", "--force", id)

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(live, [f"{name}{i}" for i in range(32)]))


def begin(bundle, *command):
    """Its standard error is a file: init may keep it open."""
    with open(bundle.path / "errors", "w") as errors:
        return subprocess.Popen(list(map(str, bundle.arguments(*command))),
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=errors)


def duration_of_create(bundle, name):
    start = time.monotonic()
    bundle.detached("create", name)
    passed = time.monotonic() - start
    bundle("delete", "--force", name)
    return passed


def dead_runtime(bundle, id, delay):
    """A create that is killed after `delay` seconds; then what containerd
    does about it."""
    create = begin(bundle, "create", id)
    time.sleep(delay)
    create.kill()
    create.wait()
    bundle("delete", "--force", id)


@pytest.mark.parametrize("manager", [True, False])
def test_a_runtime_killed_at_any_point_of_create(bundle, name, nothing_left,
                                                 manager):
    bundle.save(args=["sleep", "1000"])
    longest = 1.3 * max(duration_of_create(bundle, name) for _ in range(3))
    seed = random.randrange(1 << 30)
    print("seed", seed)
    generator = random.Random(seed)
    for i in range(150 if manager else 30):
        dead_runtime(bundle, f"{name}{i}", generator.uniform(0, longest))


@pytest.mark.parametrize("command", ["start", "exec", "kill", "delete"])
def test_a_runtime_killed_at_any_point_of(bundle, name, nothing_left, command):
    arguments = {"exec": ["sleep", "1000"], "kill": ["KILL"]}
    options = {"delete": ["--force"], "exec": ["--detach"]}
    bundle.save(args=["sleep", "1000"])
    # What an exec leaves is the host's init to reap, in its own time, and until
    # then the container's init cannot end.
    for i in range(5 if command == "exec" else 25):
        id = f"{name}{i}"
        bundle.detached("create", id)
        if command != "start":
            bundle("start", id)
        process = begin(bundle, command, *options.get(command, []), id,
                        *arguments.get(command, []))
        time.sleep(random.uniform(0, 0.02))
        process.kill()
        process.wait()
        bundle("delete", "--force", id)


def test_a_runtime_killed_while_a_hook_runs(bundle, name, disk, nothing_left):
    for point in ("prestart", "createContainer"):
        reached = disk / point
        reached.touch()
        reached.chmod(0o666)
        bundle.spec["hooks"] = {point: [{
            "path": "/bin/busybox", "env": ["PATH=/bin"],
            "args": ["sh", "-c", f"echo x > {reached}; exec sleep 1"]}]}
        bundle.save(args=["true"])
        create = begin(bundle, "create", f"{name}{point}")
        while not reached.read_text():
            assert create.poll() is None
            time.sleep(0.005)
        create.kill()
        create.wait()
        bundle("delete", "--force", f"{name}{point}")


def test_a_daemon_killed_at_any_point_of_create(bundle, name, daemon,
                                                nothing_left):
    bundle.save(args=["sleep", "1000"])
    longest = 1.3 * duration_of_create(bundle, name)
    for i in range(25):
        create = begin(bundle, "create", f"{name}{i}")
        time.sleep(random.uniform(0, longest))
        daemon.stop(signal.SIGKILL)
        try:
            code = create.wait(timeout=30)
        finally:
            daemon.start()
        error = (bundle.path / "errors").read_text()
        assert len(error.splitlines()) == code and code in (0, 1), error
        bundle("delete", "--force", f"{name}{i}")


def range_of(state):
    lines = open(f"/proc/{state['pid']}/uid_map").read().split()
    return int(lines[1]), int(lines[1]) + int(lines[2])


def test_ranges_outlive_the_daemon(bundle, name, daemon, nothing_left):
    bundle.start(name)
    daemon.stop(signal.SIGKILL)
    daemon.start()
    bundle.start(f"{name}b")
    first, second = sorted(range_of(bundle.state(id))
                           for id in (name, f"{name}b"))
    assert first[1] <= second[0]
    bundle("delete", "--force", name)
    bundle("delete", "--force", f"{name}b")


def test_delete_without_the_daemon(bundle, name, daemon, nothing_left):
    """Docker must be able to get rid of it; the daemon learns of it later."""
    bundle.start(name)
    daemon.stop(signal.SIGKILL)
    try:
        bundle("delete", "--force", name)
    finally:
        daemon.start()


def test_a_container_that_ended_is_only_state(bundle, name, nothing_left):
    pid = bundle.start(name, "sleep", "1000")
    bundle("kill", name, "KILL")
    deadline = time.monotonic() + 5
    while bundle.state(name)["status"] != "stopped":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert pid > 0
    bundle("delete", name)
