"""`docker run` and its options: as with runc, but for what the guide says."""

import pytest

from harness.waiting import until


def test_root_inside_is_nobody_outside(docker):
    result = docker.run("sh", "-c", "id -u; cat /proc/self/uid_map")
    uid, mapping = result.out.split("\n", 1)
    assert uid == "0"
    inside, outside, size = map(int, mapping.split())
    assert (inside, size) == (0, 65536)
    assert outside >= 65536


def test_exit_code_is_the_programs(docker):
    assert docker.run("sh", "-c", "exit 7", check=False).code == 7


@pytest.mark.parametrize("program, code, text", [
    ("nope", 127, "executable file not found in $PATH"),
    ("/nope", 127, "no such file or directory"),
    ("/etc/passwd", 126, "permission denied"),
    ("/etc", 126, "permission denied"),
])
def test_a_program_that_cannot_run(docker, program, code, text):
    result = docker.run(program, check=False)
    assert result.code == code, result
    assert text in result.err, result


def test_environment_directory_user_hostname(docker):
    result = docker.run(
        "sh", "-c", "pwd; id; hostname; echo $A",
        options=["-w", "/some/where", "-u", "1000:5", "-e", "A=b c",
                 "--hostname", "web"])
    assert result.out.splitlines() == [
        "/some/where", "uid=1000(app) gid=5(tty) groups=5(tty)", "web", "b c"]


def test_domainname(docker):
    result = docker.run("cat", "/proc/sys/kernel/domainname",
                        options=["--domainname", "example.org"])
    assert result.out == "example.org\n"


def test_root_holds_every_capability(docker):
    last = int(open("/proc/sys/kernel/cap_last_cap").read())
    every = f"{(1 << (last + 1)) - 1:016x}"
    result = docker.run("grep", "^Cap", "/proc/self/status")
    sets = dict(line.split(":\t") for line in result.out.splitlines())
    assert sets == {key: every for key in
                    ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}


def test_others_hold_none_but_may_regain_all(docker):
    last = int(open("/proc/sys/kernel/cap_last_cap").read())
    every, none = f"{(1 << (last + 1)) - 1:016x}", "0" * 16
    result = docker.run("grep", "^Cap", "/proc/self/status",
                        options=["-u", "1000"])
    sets = dict(line.split(":\t") for line in result.out.splitlines())
    assert sets == {"CapInh": none, "CapPrm": none, "CapEff": none,
                    "CapBnd": every, "CapAmb": none}


def test_limits_are_set(docker):
    result = docker.run("sh", "-c", "ulimit -n; ulimit -c",
                        options=["--ulimit", "nofile=1000:2000",
                                 "--ulimit", "core=0"])
    assert result.out.split() == ["1000", "0"]


def test_tmpfs(docker):
    result = docker.run("sh", "-c", "grep ' /scratch ' /proc/mounts",
                        options=["--tmpfs", "/scratch:size=1m,mode=700"])
    assert "tmpfs" in result.out and "size=1024k" in result.out


def test_sysctl(docker):
    result = docker.run("cat", "/proc/sys/net/ipv4/ip_forward",
                        options=["--sysctl", "net.ipv4.ip_forward=1"])
    assert result.out == "1\n"


def test_init_reaps(docker):
    container = docker.start_container(options=["--init"])
    assert docker.shell(container, "cat /proc/1/comm") == "docker-init\n"
    docker.shell(container, "(sleep 0.1 &)")
    until(lambda: " Z " not in docker.shell(container, "ps -o pid,stat,comm"))


def test_terminal(docker):
    result = docker.run("sh", "-c", "tty; stat -c %U /dev/console",
                        options=["-t"])
    assert result.out.split() == ["/dev/pts/0", "root"]


def test_device_nodes_belong_to_root_and_work(docker):
    result = docker.run(
        "sh", "-c",
        "stat -c '%n %U %t,%T %a' /dev/null /dev/zero /dev/full /dev/random "
        "/dev/urandom /dev/tty; echo x > /dev/null; head -c 4 /dev/urandom "
        "| wc -c")
    assert result.out.splitlines() == [
        "/dev/null root 1,3 666", "/dev/zero root 1,5 666",
        "/dev/full root 1,7 666", "/dev/random root 1,8 666",
        "/dev/urandom root 1,9 666", "/dev/tty root 5,0 666", "4"]
