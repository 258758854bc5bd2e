"""Side by side with runc under the same dockerd: same code, same words."""

import re

import pytest

# Programs that cannot run, as dockerd reports them.
PROGRAMS = [
    ("nope",), ("/nope",), ("/etc/passwd",), ("/etc",), ("./nope",),
    ("../nope",), ("/bin",), ("/home/app/nope/x",), ("/etc/passwd/x",), ("",),
    (" ",),
]


def comparable(text):
    """Without ids, and without which runtime said it."""
    text = re.sub(r"[0-9a-f]{12,64}", "ID", text)
    # dockerd's prefix, the same with every runtime.
    return text[text.find("exec: "):] if "exec: " in text else text


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p[0] or "empty")
def test_a_program_that_cannot_run(docker, program):
    ours = docker.run(*program, check=False)
    runc = docker.run(*program, runtime="runc", check=False)
    assert ours.code == runc.code, f"{ours}\n{runc}"
    assert comparable(ours.err) == comparable(runc.err)


OPTIONS = [
    (["-u", "nobody-here"], ["true"]),
    (["-u", "4294967296"], ["true"]),
    (["-w", "/etc/passwd"], ["pwd"]),
    (["--ulimit", "nofile=10:5"], ["true"]),
    (["--sysctl", "kernel.shmmax=nope"], ["true"]),
    (["--sysctl", "vm.swappiness=1"], ["true"]),
    (["--device", "/dev/nope"], ["true"]),
    (["--cpuset-cpus", "4000"], ["true"]),
    (["--memory", "1m"], ["true"]),
    (["--security-opt", "seccomp=/nope"], ["true"]),
    (["--hostname", "a" * 100], ["true"]),
    (["--init"], ["/nope"]),
]


@pytest.mark.parametrize("options, program", OPTIONS,
                         ids=lambda v: " ".join(v)[:40])
def test_options_that_cannot_be_met(docker, options, program):
    ours = docker.run(*program, options=options, check=False)
    runc = docker.run(*program, options=options, runtime="runc", check=False)
    assert ours.code == runc.code, f"{ours}\n{runc}"
    assert docker("ps", "-aq").out == ""


def test_a_sysctl_that_does_not_exist(docker):
    """A 125, Docker's own failure: runc's 127 would blame the program."""
    result = docker.run("true", options=["--sysctl", "net.ipv4.nope=1"],
                        check=False)
    assert result.code == 125
    assert "linux.sysctl.net.ipv4.nope: open /proc/sys/net/ipv4/nope: " \
        "No such file or directory" in result.err


VIEWS = [
    "ls -A / | grep -v '^.dockerenv$' | sort",
    "env | sort | grep -v HOSTNAME",
    "cat /proc/self/limits | grep -v 'pending signals'",
    # A machine has these.
    "ls /dev | grep -vE 'kmsg|fuse|net' | sort",
    "stat -c '%n %a %F %U:%G' /dev/* | grep -vE 'kmsg|fuse|net' | sort",
    # The kernel's /proc belongs to the host's root, with every runtime that
    # makes a user namespace: its owner is the whole kernel's.
    "stat -c '%n %a %U:%G' / /tmp /etc/hosts /etc/resolv.conf; "
    "stat -c %a /proc",
    "cat /proc/self/status | grep -E '^(Uid|Gid|Groups|Umask|NoNewPrivs|"
    "Seccomp):'",
    "cut -d' ' -f2,3 /proc/mounts | grep -E '^/(dev|etc)|^/ ' | sort",
    "ls /proc/self/fd | wc -l",
    "cat /proc/self/oom_score_adj; cat /proc/self/timerslack_ns",
    "trap; cat /proc/self/status | grep -E '^(Sig|Shd)[^Q]'",
    "umask; pwd; ulimit -a | grep -v -e pending",
    "ls -ld /proc/self/fd/0 /dev/stdin /dev/fd | sed 's/.* //'",
    "cat /proc/self/sessionid /proc/self/loginuid",
]


@pytest.fixture(scope="module")
def views(dockerd, daemon):
    """All of them in one container of each runtime."""
    script = "; echo =====; ".join(VIEWS)
    return [dockerd.run("sh", "-c", script, runtime=runtime,
                        options=["--hostname", "same"]).out.split("=====\n")
            for runtime in ("sysbox-runc", "runc")]


@pytest.mark.parametrize("number", range(len(VIEWS)),
                         ids=[view[:30] for view in VIEWS])
def test_what_a_program_sees(views, number):
    assert views[0][number] == views[1][number]


def test_message_queues_belong_to_root(docker):
    assert docker.run("stat", "-c", "%u", "/dev/mqueue").out == "0\n"


def test_docker_itself_is_unaffected(docker):
    docker.start_container()
    info = docker("info").out
    assert "sysbox-runc" in info and "Running: 1" in info
    assert "Containers" in docker("system", "df").out
    assert docker("system", "prune", "-f").code == 0
