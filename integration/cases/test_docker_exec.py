"""`docker exec` and terminals."""

import pytest


def test_exec_joins_every_namespace(docker):
    container = docker.start_container()
    script = "for n in /proc/{}/ns/*; do readlink $n; done"
    init = docker.shell(container, script.format(1))
    assert init == docker.shell(container, script.format("self"))
    assert "user:" in init


def test_exec_exit_code_streams_and_input(docker):
    container = docker.start_container()
    result = docker("exec", "-i", container, "sh", "-c",
                    "cat; echo err >&2; exit 11", input="in\n", check=False)
    assert (result.code, result.out, result.err) == (11, "in\n", "err\n")


def test_exec_user_directory_environment(docker):
    container = docker.start_container(options=["-e", "A=1", "-e", "B=2"])
    result = docker("exec", "-u", "app", "-w", "/tmp", "-e", "B=3", container,
                    "sh", "-c", "id -u; id -g; pwd; echo $A$B$HOME")
    assert result.out.splitlines() == ["1000", "1000", "/tmp", "13/home/app"]


@pytest.mark.parametrize("program, code, text", [
    ("nope", 126, 'exec: "nope": executable file not found in $PATH'),
    ("/etc/passwd", 126, "permission denied"),
])
def test_exec_of_what_cannot_run(docker, program, code, text):
    """With the code and the text that runc has under the same dockerd."""
    seen = []
    for runtime in ("sysbox-runc", "runc"):
        container = docker.start_container(runtime=runtime)
        result = docker("exec", container, program, check=False)
        assert text in result.out + result.err, result
        seen.append(result.code)
    assert seen[0] == seen[1]


def test_exec_detached(docker):
    container = docker.start_container()
    docker("exec", "-d", container, "sh", "-c", "echo done > /flag")
    docker.shell(container,
                 "i=0; while [ ! -s /flag ] && [ $i -lt 100 ]; do sleep 0.1; "
                 "i=$((i+1)); done; cat /flag") == "done\n"


def test_root_of_an_exec_holds_every_capability_others_none(docker):
    container = docker.start_container(options=["-u", "1000"])
    last = int(open("/proc/sys/kernel/cap_last_cap").read())
    every, none = f"{(1 << (last + 1)) - 1:016x}", "0" * 16
    script = "sed -n 's/^CapEff:.//p; s/^CapBnd:.//p' /proc/self/status"
    root = docker.shell(container, script, "-u", "0")
    assert root.split() == [every, every]
    assert docker.shell(container, script).split() == [none, every]


def test_exec_ends_with_the_container(docker):
    container = docker.start_container("sleep", "2")
    result = docker("exec", container, "sleep", "1000", check=False)
    assert result.code == 137, result


def test_run_with_a_terminal(docker):
    with docker.terminal("run", "-it", "--rm", "--runtime", "sysbox-runc",
                         "busybox", "sh", rows=33, columns=101) as user:
        user.expect("# ")
        user.type("tty; stat -c '%U %t,%T' /dev/console /dev/pts/0\n")
        user.expect("/dev/pts/0\r\n")
        user.expect("root 88,0\r\nroot 88,0\r\n")
        user.type("until [ \"$(stty size)\" = '33 101' ]; do :; done; "
                  "echo now $(stty size)\n")
        user.expect("now 33 101")
        user.type("trap 'echo got''winch' WINCH; echo re''ady\n")
        user.expect("ready")
        user.resize(44, 132)
        user.type("until [ \"$(stty size)\" = '44 132' ]; do sleep 0.05; "
                  "done; echo then $(stty size)\n")
        user.expect("then 44 132")
        user.type("sh -c 'trap \"echo wo\"\"ken; exit\" INT; echo as\"\"leep; "
                  "while :; do sleep 0.05; done'\n")
        user.expect("asleep")
        user.type("\x03")  # ^C
        user.expect("woken")
        user.type("exit 5\n")
        assert user.wait() == 5


def test_exec_with_a_terminal(docker):
    container = docker.start_container()
    with docker.terminal("exec", "-it", container, "sh",
                         rows=30, columns=90) as user:
        user.expect("# ")
        user.type("tty; echo is-$(stat -c %U $(tty))\n")
        user.expect("/dev/pts/0")
        user.expect("is-root")
        user.resize(50, 120)
        user.type("until [ \"$(stty size)\" = '50 120' ]; do sleep 0.05; "
                  "done; echo then $(stty size)\n")
        user.expect("then 50 120")
        user.type("exit 8\n")
        assert user.wait() == 8


def test_a_terminal_belongs_to_the_user_who_has_it(docker):
    container = docker.start_container()
    with docker.terminal("exec", "-it", "-u", "1000", container, "sh", "-c",
                         "echo by-$(stat -c %u $(tty))") as user:
        user.expect("by-1000")
        assert user.wait() == 0


def test_detaching_leaves_it_running(docker):
    with docker.terminal("run", "-it", "--name", "t-detach", "--runtime",
                         "sysbox-runc", "busybox", "sh") as user:
        user.expect("# ")
        user.type("\x10\x11")  # ^P ^Q
        user.wait()
    assert docker.inspect("t-detach", "{{.State.Running}}") == "true"
    with docker.terminal("attach", "t-detach") as user:
        user.type("\n")
        user.expect("# ")
        user.type("exit 0\n")
        assert user.wait() == 0
