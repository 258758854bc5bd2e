"""`exec` and terminals, by hand, beside runc."""

import fcntl
import json
import os
import pathlib
import signal
import struct
import subprocess
import termios

import pytest

from harness.bundle import Bundle
from harness.command import run
from harness.console_socket import ConsoleSocket
from harness.waiting import until


@pytest.fixture
def both(bundle, runc_bundle):
    return bundle, runc_bundle


def started(bundles, name):
    for bundle in bundles:
        bundle.spec["process"]["env"].append("FROM=spec")
        bundle.start(name)
    return bundles


# (flags, script): the same output with both runtimes.
EXECS = [
    ([], "pwd; id; echo $FROM $PATH $HOME $TERM"),
    (["--cwd", "/etc"], "pwd"),
    (["--cwd", "/absent/new"], "pwd"),
    (["--env", "A=1", "--env", "B=x y", "--env", "FROM=flag"],
     "echo $A-$B-$FROM"),
    (["--user", "1000"], "id -u; id -g; echo $HOME"),
    (["--user", "1000:5"], "id -u; id -g; id -G"),
    (["-u", "1000:1000", "-g", "77", "-g", "88"], "id -G"),
    (["--no-new-privs"], "grep NoNewPrivs /proc/self/status"),
    ([], "ls /proc/self/fd | wc -l; umask; cat /proc/self/oom_score_adj"),
    ([], "grep -E '^(Sig[^Q]|Shd)' /proc/self/status"),
    ([], "exit 42"),
    ([], "kill -TERM $$"),
    ([], "cut -d: -f3 /proc/self/cgroup | sort -u | wc -l"),
]


@pytest.fixture(scope="module")
def pair(runtime, shared_rootfs, daemon, tmp_path_factory):
    """One running container of each, for all of EXECS."""
    where = tmp_path_factory.mktemp("pair")
    bundles = [Bundle(runtime, where / "ours", shared_rootfs),
               Bundle("runc", where / "runc", shared_rootfs)]
    bundles[1].spec["linux"]["cgroupsPath"] = "/runc-pair"
    started(bundles, "tpair")
    yield bundles
    for bundle in bundles:
        bundle("delete", "--force", "tpair")


@pytest.mark.parametrize("flags, script", EXECS,
                         ids=lambda v: " ".join(v)[:24] if isinstance(
                             v, list) else "")
def test_as_with_runc(pair, flags, script):
    ours, runc = (bundle("exec", *flags, "tpair", "sh", "-c", script,
                         check=False) for bundle in pair)
    assert (ours.code, ours.out) == (runc.code, runc.out), f"{ours}\n{runc}"


@pytest.mark.parametrize("arguments", [
    ["nope"], ["/nope"], ["/etc/passwd"], ["/etc"], [""]])
def test_what_cannot_run(pair, arguments):
    ours, runc = (bundle("exec", "tpair", *arguments, check=False)
                  for bundle in pair)
    assert ours.code == runc.code, f"{ours}\n{runc}"
    # From `exec: "` on: what Docker and others look for.
    texts = [r.err[r.err.find("exec: "):].replace('\\"', '"').rstrip('"\n')
             for r in (ours, runc)]
    assert texts[0] == texts[1]


def test_a_process_file(both, name, tmp_path):
    said = []
    for bundle in started(both, name):
        process = {**bundle.spec["process"], "cwd": "/tmp",
                   "args": ["sh", "-c", "pwd; id -u; echo $X; ulimit -n"],
                   "env": ["X=from file", "PATH=/bin"],
                   "user": {"uid": 1000, "gid": 1000},
                   # runc's Go now and then raises the soft one.
                   "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 99,
                                "hard": 99}]}
        (tmp_path / "process.json").write_text(json.dumps(process))
        said.append(bundle("exec", "--process", tmp_path / "process.json",
                           name).out)
    # runc 1.1 now and then loses the soft limit to Go's own raising of it.
    said[1] = said[1].replace("100\n", "99\n")
    assert said[0] == said[1] == "/tmp\n1000\nfrom file\n99\n"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"args": 5}', '{"args": []}',
                                  '{"args":["true"],"cwd":"relative"}',
                                  '{"args":["true"],"cwd":"/","user":-1}'])
def test_a_bad_process_file(bundle, name, tmp_path, text):
    bundle.start(name)
    (tmp_path / "process.json").write_text(text)
    result = bundle("exec", "--process", tmp_path / "process.json", name,
                    check=False)
    assert result.code == 255
    assert len(result.err.splitlines()) == 1, result


def test_honored_caps_of_an_exec(bundle, name):
    """Those of config.json, and --cap adds to them."""
    for kind in bundle.spec["process"]["capabilities"]:
        bundle.spec["process"]["capabilities"][kind] = ["CAP_CHOWN"]
    bundle.start(name)
    look = ["sed", "-n", "s/^CapEff:.//p", "/proc/self/status"]
    honor = ["--env", "SYSBOX_HONOR_CAPS=TRUE"]
    seen = [int(bundle("exec", *flags, name, *look).out, 16) for flags in (
        [], honor, honor + ["--cap", "CAP_SYSLOG"])]
    last = int(open("/proc/sys/kernel/cap_last_cap").read())
    assert seen == [(1 << (last + 1)) - 1, 1, 1 | 1 << 34]


def test_detached_with_a_pid_file(both, name, tmp_path):
    for bundle in both:
        bundle.start(name)
        bundle.detached("exec", "--detach", "--pid-file", tmp_path / "pid",
                        name, "sleep", "777")
        pid = int((tmp_path / "pid").read_text())
        command = pathlib.Path(f"/proc/{pid}/cmdline")
        # runc's pid file is there a moment before its program is.
        until(lambda: command.read_bytes() == b"sleep\0" + b"777\0")
        assert pid in json.loads(bundle("ps", "-f", "json", name).out)


def test_preserved_descriptors(bundle, name):
    bundle.start(name)
    read, write = os.pipe()

    def arrange():
        os.dup2(write, 3)

    bundle("exec", "--preserve-fds", "1", name, "sh", "-c", "echo it >&3",
           pass_fds=(3,), preexec_fn=arrange)
    os.close(write)
    assert os.read(read, 10) == b"it\n"
    os.close(read)


def test_exec_leaks_no_descriptor(bundle, name):
    bundle.start(name)
    result = bundle("exec", name, "ls", "-l", "/proc/self/fd")
    numbers = [line.split(" -> ")[0].split()[-1]
               for line in result.out.splitlines()[1:]]
    assert numbers[:3] == ["0", "1", "2"] and len(numbers) == 4


def test_signals_reach_the_exec(bundle, name):
    bundle.start(name)
    with subprocess.Popen(
            list(map(str, bundle.arguments(
                "exec", name, "sh", "-c", "trap 'exit 6' TERM; echo up; "
                "while :; do sleep 0.05; done"))),
            stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 6


# What it prints is not what is typed, which the terminal echoes.
SIZE = ("until [ \"$(stty size)\" = '{0}' ]; do sleep 0.02; done; "
        "echo i\"\"s {0}\n")


def use_terminal(user):
    user.type("tty; stat -c 'by %u %a' $(tty)\n")
    user.expect("/dev/pts/0")
    user.expect("by 0 620")
    user.type(SIZE.format("31 91"))
    user.expect("is 31 91")
    user.resize(45, 111)
    user.type(SIZE.format("45 111"))
    user.expect("is 45 111")
    user.type("sh -c 'trap \"echo wo\"\"ken; exit\" INT; echo as\"\"leep; "
              "while :; do sleep 0.05; done'\n")
    user.expect("asleep")
    user.type("\x03")
    user.expect("woken")
    user.type("exit 7\n")
    assert user.wait() == 7


def test_a_terminal_in_the_foreground(bundle, name):
    bundle.save(terminal=True, args=["sh"])
    with bundle.terminal("run", name, rows=31, columns=91) as user:
        user.expect("# ")
        use_terminal(user)
        # What the user had before: cooked, with echo.
        modes = termios.tcgetattr(user.master)[3]
        assert modes & termios.ECHO and modes & termios.ICANON


def test_a_terminal_of_an_exec(bundle, name):
    bundle.start(name)
    with bundle.terminal("exec", "--tty", name, "sh", rows=31,
                         columns=91) as user:
        user.expect("# ")
        use_terminal(user)


def test_a_console_socket(both, name, tmp_path):
    for number, bundle in enumerate(both):
        bundle.spec["process"]["consoleSize"] = {"height": 20, "width": 70}
        bundle.save(terminal=True, args=["sh", "-c", "stty size; tty; cat"])
        with ConsoleSocket(tmp_path / f"console{number}") as console:
            bundle.detached("create", "--console-socket", console.path, name)
            bundle("start", name)
            master, _ = console.receive()
            seen = console.read_until("/dev/pts/0")
            assert "20 70" in seen
            os.write(master, b"typed\n")
            console.read_until("typed\r\ntyped")
            fcntl.ioctl(master, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 9, 8, 0, 0))
            bundle("delete", "--force", name)


def test_a_console_socket_of_an_exec(bundle, name, tmp_path):
    bundle.start(name)
    with ConsoleSocket(tmp_path / "console") as console:
        bundle.detached("exec", "--detach", "--tty", "--console-socket",
                        console.path, name, "sh", "-c",
                        "echo on $(tty) $(stat -c %u $(tty))")
        console.receive()
        console.read_until("on /dev/pts/0 0")


def test_console_socket_without_terminal_and_reverse(both, name, tmp_path):
    codes = []
    for number, bundle in enumerate(both):
        with ConsoleSocket(tmp_path / f"console{number}") as console:
            bundle.save(terminal=False)
            one = bundle("create", "--console-socket", console.path, name,
                         check=False)
            bundle.save(terminal=True)
            two = bundle("create", name, check=False)
            three = bundle("create", "--console-socket", tmp_path / "nope",
                           name, check=False)
            codes.append((one.code, two.code, three.code))
            for result in (one, two, three):
                assert len(result.err.splitlines()) == 1, result
            assert bundle("state", name, check=False).code == 1
    assert codes[0] == codes[1]


def edit_state(name, change):
    path = pathlib.Path("/run/sysbox-runc", name, "state.json")
    state = json.loads(path.read_text())
    change(state)
    path.write_text(json.dumps(state))


def test_seccomp_of_each_exec(bundle, name):
    """Compiled once; a container of an older version has the profile."""
    profile = {"defaultAction": "SCMP_ACT_ALLOW",
               "syscalls": [{"names": ["swapon"],
                             "action": "SCMP_ACT_ERRNO"}]}
    bundle.spec["linux"]["seccomp"] = profile
    bundle.start(name)
    show = ["exec", name, "grep", "Seccomp:", "/proc/self/status"]
    assert bundle(*show).out.split() == ["Seccomp:", "2"]

    compiled = pathlib.Path("/run/sysbox-runc", name, "seccomp.bpf")
    compiled.unlink()
    failed = bundle(*show, check=False)  # rather than run unconfined
    assert failed.code == 255 and "seccomp program" in failed.err

    def older(state):
        assert "seccomp" not in state["config"]["linux"]
        state["format"], state["config"]["linux"]["seccomp"] = 1, profile
    edit_state(name, older)
    assert bundle(*show).out.split() == ["Seccomp:", "2"]


def test_a_run_leaves_alone_who_has_its_name_now(bundle, name):
    """Deleted by somebody else, and another made, while it ran."""
    bundle.save(args=["sleep", "1000"])
    first = subprocess.Popen(bundle.arguments("run", name))
    until(lambda: bundle("state", name, check=False).code == 0
          and bundle.state(name)["status"] == "running")
    os.kill(first.pid, signal.SIGSTOP)
    bundle("delete", "--force", name)
    second = bundle.start(name)
    os.kill(first.pid, signal.SIGCONT)
    assert first.wait(timeout=10) == 137
    assert bundle.state(name)["pid"] == second
    assert bundle.state(name)["status"] == "running"


def test_exec_in_a_cgroup_below(bundle, name):
    """On v1, where each controller has its own."""
    bundle.start(name)
    pids = run("sh", "-c", "cut -d: -f2 /proc/self/cgroup").out.split()
    if "pids" not in pids:
        pytest.skip("no pids hierarchy of cgroup v1")
    bundle("exec", name, "mkdir", "/sys/fs/cgroup/pids/sub")
    said = bundle("exec", "--cgroup", "pids:sub", name, "cat",
                  "/proc/self/cgroup").out.splitlines()
    places = {line.split(":")[1]: line.split(":")[2] for line in said}
    assert places.pop("pids") == "/sub"
    assert set(places.values()) == {"/"}
    for wrong in ("pids:../..", "pids:nope", "nope:sub", "a:b:c"):
        assert bundle("exec", "--cgroup", wrong, name, "true",
                      check=False).code == 255
