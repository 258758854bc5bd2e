"""The worker of the daemon may be killed at any moment: containers that run
are served on, and keep what they wrote."""

import os
import pathlib
import shutil
import signal
import time

import pytest

from harness.waiting import until

KILLS = 200
SILENT = pathlib.Path(__file__).parent.parent / "guest/silent_fuse.py"

# Reads and writes until it is told to stop; whatever goes wrong is a line.
LOAD = """
i=0
while [ ! -e /stop ]; do
  i=$((i + 1))
  for file in /proc/sys/vm/swappiness /proc/sys/kernel/panic /proc/uptime \
      /proc/meminfo /proc/stat /proc/loadavg; do
    cat $file > /out.$1 || echo "$file: $?" >> /failures
    [ -s /out.$1 ] || echo "$file: empty" >> /failures
  done
  echo $((i % 100)) > /proc/sys/vm/$2 || echo "write $2: $?" >> /failures
  [ "$(cat /proc/sys/vm/$2)" = $((i % 100)) ] || echo "$2: lost" >> /failures
  ls /proc/sys/kernel > /out.$1 || echo "ls: $?" >> /failures
  echo $i > /next.$1 && mv /next.$1 /rounds.$1 # never seen empty
done
"""


def kill_worker(daemon):
    worker = daemon.worker()
    os.kill(worker, signal.SIGKILL)
    until(lambda: daemon.worker() != worker, interval=0.002)


def rounds(docker, box):
    return int(docker.shell(box, "cat /rounds.1 2>/dev/null || echo 0"))


def test_containers_do_not_notice_that_the_worker_is_killed(docker, daemon):
    box = docker.start_container(options=["--net=none"])
    docker.shell(box, "echo 33 > /proc/sys/kernel/panic")
    for number, knob in enumerate(("swappiness", "dirty_ratio"), start=1):
        docker("exec", "-d", box, "sh", "-c", LOAD, "load", number, knob)
    until(lambda: rounds(docker, box) > 0)
    for i in range(KILLS):
        kill_worker(daemon)
        time.sleep(i % 10 * 0.01)  # at ever different moments
    before = rounds(docker, box)
    until(lambda: rounds(docker, box) > before + 1)
    docker.shell(box, "touch /stop")
    assert docker.shell(box, "cat /failures 2>/dev/null || true") == ""
    assert docker.shell(box, "cat /proc/sys/kernel/panic") == "33\n"


@pytest.mark.parametrize("length", [150, 255])
def test_an_id_may_be_as_long_as_a_file_name(bundle, daemon, name, length):
    name = name.ljust(length, "x")
    bundle.start(name)
    bundle("exec", name, "sh", "-c", "echo 44 > /proc/sys/vm/swappiness")
    kill_worker(daemon)
    assert bundle("exec", name, "sh", "-c", "cat /proc/sys/vm/swappiness; "
                  "head -n1 /proc/meminfo").out.startswith("44\nMemTotal:")
    bundle("delete", "--force", name)
    assert name[:40] not in "".join(os.listdir("/run/sysbox/values"))


def test_a_longer_id_is_refused_with_one_line(bundle, name):
    refused = bundle.shell("true", name.ljust(256, "x"), check=False)
    assert refused.code == 1
    assert refused.err.count("\n") == 1
    assert "File name too long" in refused.err, refused


def held(daemon):
    """How many descriptors the keeper has."""
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def test_what_was_made_by_a_killed_worker_ends_well(docker, daemon):
    before = held(daemon)
    box = docker.start_container(options=["--net=none"])
    kill_worker(daemon)
    later = docker.start_container(options=["--net=none"])
    for container in (box, later):
        assert docker.shell(container, "cat /proc/sys/kernel/panic")
    assert held(daemon) >= before + 4
    docker("rm", "-f", box)
    docker("rm", "-f", later)
    until(lambda: held(daemon) == before)


POLLER = """
import select
with open("/proc/sys/kernel/hostname") as file:
    poller = select.epoll()
    poller.register(file, select.EPOLLERR)
    print("waits", flush=True)
    while True:
        poller.poll()
        file.seek(0)
        print(file.read(), end="", flush=True)
"""


def test_who_waits_for_a_change_is_told_by_the_next_worker(hosted, name,
                                                           daemon):
    """As services wait for another hostname, for weeks."""
    rootfs = pathlib.Path(hosted.spec["root"]["path"])
    (rootfs / "poller.py").write_text(POLLER)
    hosted.start(name, "python3", "/poller.py")
    said = hosted.path / "output"

    def is_told(hostname):
        hosted("exec", name, "hostname", hostname)
        until(lambda: hostname in said.read_text().split())

    until(lambda: "waits" in said.read_text())
    is_told("first")
    for number in range(3):
        kill_worker(daemon)
        is_told(f"next{number}")
    worker = daemon.worker()
    os.kill(worker, signal.SIGKILL)
    is_told("meanwhile")


def test_a_runtime_that_calls_between_two_workers_waits(docker, daemon):
    keeper = daemon.process.pid
    for _ in range(5):
        worker = daemon.worker()
        os.kill(worker, signal.SIGKILL)
        assert docker.run("echo", "made", options=["--net=none"]).out == \
            "made\n"
    assert daemon.process.pid == keeper and daemon.process.poll() is None


@pytest.fixture
def silent(hosted, disk, daemon, name):
    """A container that has the daemon look up a path on a file system of its
    own, which does not answer: the kernel lets that thread go, killed or not,
    when the container is pleased to."""
    shutil.copy(SILENT, disk / "rootfs/silent.py")
    hosted.save(args=["python3", "-u", "/silent.py"])
    out = hosted.detached("run", "--detach", f"{name}a")
    until(lambda: "stuck" in out.read_text())
    yield daemon.worker()
    hosted("delete", "--force", f"{name}a")


def is_zombie(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


def test_a_container_does_not_keep_a_dead_worker(silent, bundle, hosted, daemon,
                                                 name):
    """All others are served on by the next one."""
    bundle.start(f"{name}b")
    kill_worker(daemon)
    assert is_zombie(silent)
    bundle("exec", f"{name}b", "cat", "/proc/uptime")
    bundle.start(f"{name}c")
    kill_worker(daemon)
    bundle("exec", f"{name}c", "cat", "/proc/uptime")
    assert is_zombie(silent)
    hosted("delete", "--force", f"{name}a")
    until(lambda: not os.path.exists(f"/proc/{silent}"))


def test_a_container_does_not_keep_the_daemon_from_ending(silent, bundle,
                                                          daemon, name):
    daemon.stop()
    assert is_zombie(silent)
    daemon.start()
    bundle.start(f"{name}b")


def test_a_container_does_not_keep_a_killed_daemon_from_starting(
        silent, bundle, hosted, daemon, name):
    """What the dead one served fails, and waits for nobody."""
    bundle.start(f"{name}b")
    daemon.stop(signal.SIGKILL)
    until(lambda: is_zombie(silent))
    daemon.start()
    failed = bundle("exec", f"{name}b", "cat", "/proc/uptime", check=False,
                    timeout=20)
    assert failed.code == 1
    assert "Transport endpoint is not connected" in failed.err
    bundle("delete", "--force", f"{name}b")
    assert bundle.shell("cat /proc/uptime", f"{name}c").out
    assert is_zombie(silent)
    hosted("delete", "--force", f"{name}a")
    until(lambda: not os.path.exists(f"/proc/{silent}"))
