"""A container's processes reach nothing of the host's, nor do the runtime's
processes that pass through it."""

import hashlib
import os
import subprocess
import time

import pytest

from harness import waiting

USERS = {"root": {"uid": 0, "gid": 0}, "user": {"uid": 1000, "gid": 1000}}
STREAMS = {"0", "1", "2"}


def numbers(lines):
    return {line.split()[0] for line in lines}


@pytest.mark.parametrize("user", USERS)
def test_no_descriptor_leaks(guest, name, marker, user):
    guest.spec["process"]["user"] = USERS[user]
    with open(marker) as stray:
        os.set_inheritable(stray.fileno(), True)
        leak = {"close_fds": False}
        assert numbers(guest.attack(name, "fds", **leak)) == STREAMS
        guest.start(name, "/probe", "pause")
        as_user = ["--user", str(USERS[user]["uid"])]
        assert numbers(guest.attack_by_exec(
            name, "fds", options=as_user, **leak)) == STREAMS


def test_only_preserved_descriptors_pass(guest, name, marker):
    with open(marker) as stray:
        def leave_two():
            os.dup2(stray.fileno(), 3)
            os.dup2(stray.fileno(), 4)

        leak = {"close_fds": False, "preexec_fn": leave_two}
        guest.save(args=["/probe", "fds"])
        lines = guest("run", "--preserve-fds", "1", name, **leak).out
        assert numbers(lines.splitlines()) == STREAMS | {"3"}
        guest.start(name, "/probe", "pause")
        lines = guest.attack_by_exec(
            name, "fds", options=["--preserve-fds", "1"], **leak)
        assert numbers(lines) == STREAMS | {"3"}


@pytest.mark.parametrize("user", USERS)
def test_proc_leads_nowhere(guest, name, marker, user):
    guest.spec["process"]["user"] = USERS[user]
    assert guest.attack(name, "reach", marker) == []
    # A container created but not started: its init is still ours.
    guest.save(args=["/probe", "pause"])
    guest.detached("create", name)
    as_user = ["--user", str(USERS[user]["uid"])]
    assert guest.attack_by_exec(name, "reach", marker, options=as_user) == []
    guest("start", name)
    assert guest.attack_by_exec(name, "reach", marker, options=as_user) == []


def test_no_descriptor_is_a_working_directory(guest, name, marker):
    """CVE-2024-21626"""
    up = "/../../../../../../../../.."
    guest.start(name, "/probe", "pause")
    for number in range(3, 41):
        for suffix in ("", up):
            cwd = f"/proc/self/fd/{number}{suffix}"
            result = guest("exec", "--cwd", cwd, name, "/probe", "open",
                           f".{marker}", check=False)
            assert result.code == 255 and "process.cwd" in result.err, result
    for number in range(3, 41, 3):
        guest.save(cwd=f"/proc/self/fd/{number}",
                   args=["/probe", "open", f".{marker}"])
        result = guest("run", f"{name}x", check=False)
        assert result.code == 1 and "process.cwd" in result.err, result


def test_no_descriptor_is_a_program(guest, name):
    guest.start(name, "/probe", "pause")
    for number in range(3, 20):
        path = f"/proc/self/fd/{number}/../../../../../../bin/busybox"
        result = guest("exec", name, path, "id", check=False)
        assert result.code == 255, result
        assert "uid=" not in result.out


def hunt(guest, name, command, seconds=3):
    """Repeats `command` while the container's pid 1 hunts for newcomers."""
    guest.save(args=["/probe", "hunt", str(1000 * (seconds + 1))])
    hunter = subprocess.Popen(list(map(str, guest.arguments("run", name))),
                              stdout=subprocess.PIPE, text=True)
    assert hunter.stdout.readline() == "HUNTING\n"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        command()
    found = hunter.communicate(timeout=30)[0].splitlines()
    assert int(found.pop().split()[1]) > 0, "the races were none"
    assert found == []


@pytest.mark.parametrize("user", USERS)
def test_nobody_inside_touches_a_process_before_its_exec(guest, name, user):
    """CVE-2016-9962: until then it has memory, descriptors and ids of the
    host's root."""
    as_user = ["--user", str(USERS[user]["uid"])]
    hunt(guest, name,
         lambda: guest("exec", *as_user, name, "/probe", "true"))


def test_nobody_touches_a_container_that_joins_before_its_exec(
        make_guest, name):
    """As `--net=container:` and `--pid=container:` have it."""
    hunter, joining = make_guest("hunter"), make_guest("joining")
    joining.save(args=["/probe", "true"])

    def join():
        pid = hunter.state(name)["pid"]
        for namespace in joining.spec["linux"]["namespaces"]:
            kind = namespace["type"]
            if kind in ("pid", "network", "ipc"):
                kind = {"network": "net"}.get(kind, kind)
                namespace["path"] = f"/proc/{pid}/ns/{kind}"
        joining.save()
        joining("run", f"{name}j")

    hunt(hunter, name, join)


def digest(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def test_the_binary_cannot_be_overwritten(guest, name, binary):
    """CVE-2019-5736: programs that lead back to the runtime's own."""
    before = digest(binary), os.stat(binary).st_mtime_ns
    script = guest.rootfs / "script"
    script.write_text("#!/proc/self/exe\n")
    script.chmod(0o755)
    # The container's own program is the host's binary, and stays.
    guest.save(args=["/proc/self/exe", "daemon", "--data-root", "/tmp"])
    guest.detached("create", name)
    guest("start", name)
    waiting.until(lambda: os.path.samefile(
        f"/proc/{guest.state(name)['pid']}/exe", binary))
    lines = guest.attack_by_exec(name, "open", "/proc/1/exe")
    assert lines[1].split()[-1] in ("EACCES", "ETXTBSY", "EPERM", "ENOENT")
    guest("exec", name, "/script", check=False)
    guest.rootfs.joinpath("sh").symlink_to("/proc/self/exe")
    guest("exec", name, "/sh", "--version", check=False)
    assert (digest(binary), os.stat(binary).st_mtime_ns) == before


def test_processes_of_another_container_do_not_exist(make_guest, name):
    first, second = make_guest("first"), make_guest("second")
    first.start(name, "/probe", "pause")
    second.start(f"{name}b", "/probe", "pause")
    for this, other in ((first, name), (second, f"{name}b")):
        pids = this.attack_by_exec(other, "pids")
        assert len(pids) == 2 and pids[0] == "1", pids
    uids = {os.stat(f"/proc/{guest.state(id)['pid']}").st_uid
            for guest, id in ((first, name), (second, f"{name}b"))}
    assert len(uids) == 2 and 0 not in uids
