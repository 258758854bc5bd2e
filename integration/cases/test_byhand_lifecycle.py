"""The runtime's own command line beside runc's: same keys, codes, words."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from harness import cgroup
from harness.command import run
from harness.waiting import until


@pytest.fixture
def both(bundle, runc_bundle):
    return bundle, runc_bundle


def alive(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def test_create_start_state_kill_delete(both, name, tmp_path):
    for bundle in both:
        bundle.save(args=["sh", "-c", "trap 'exit 0' TERM; echo up; "
                          "while :; do sleep 0.05; done"])
        out = bundle.detached("create", "--pid-file", tmp_path / "pid", name)
        state = bundle.state(name)
        assert state["status"] == "created"
        assert (tmp_path / "pid").read_text() == str(state["pid"])
        assert "up" not in out.read_text()
        bundle("start", name)
        until(lambda: "up" in out.read_text())
        assert bundle.state(name)["status"] == "running"
        refused = bundle("delete", name, check=False)
        assert refused.code == 1
        bundle("kill", name, "TERM")
        until(lambda: bundle.state(name)["status"] == "stopped")
        assert not alive(state["pid"])
        bundle("delete", name)
        gone = bundle("state", name, check=False)
        assert gone.code == 1 and "does not exist" in gone.err
        assert gone.out == ""


def test_state_has_runcs_keys(both, name):
    states = []
    for bundle in both:
        bundle.spec["annotations"] = {"a.b": "c"}
        bundle.start(name)
        states.append(bundle.state(name))
    assert list(states[0]) == list(states[1])
    for state, bundle in zip(states, both):
        assert state["id"] == name
        assert state["bundle"] == str(bundle.path)
        assert state["annotations"] == {"a.b": "c"}
    for key in ("ociVersion", "created"):
        assert type(states[0][key]) is type(states[1][key])
    when = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
    assert when.fullmatch(states[0]["created"])


def test_stopped_state(both, name):
    states = []
    for bundle in both:
        bundle.start(name, "true")
        until(lambda: bundle.state(name)["status"] == "stopped")
        states.append(bundle.state(name))
    assert list(states[0]) == list(states[1])
    assert states[0]["pid"] == states[1]["pid"] == 0


def test_list(both, name, tmp_path):
    rows = []
    for number, bundle in enumerate(both):
        globals_ = ["--root", tmp_path / f"root{number}"]
        bundle.save(args=["sleep", "1000"])
        bundle.detached("create", name, globals_=globals_)
        quiet = bundle("list", "-q", globals_=globals_)
        assert quiet.out == f"{name}\n"
        table = bundle("list", globals_=globals_).out.splitlines()
        rows.append((table[0].split(), table[1].split()[2]))
        (found,) = json.loads(bundle("list", "-f", "json",
                                     globals_=globals_).out)
        rows[-1] += (list(found), found["owner"], found["status"])
        bundle("delete", "-f", name, globals_=globals_)
        assert bundle("list", "-q", globals_=globals_).out == ""
        empty = bundle("list", "-f", "json", globals_=globals_)
        # runc's "null" is a slip: its readers expect a list.
        assert not json.loads(empty.out)
    assert rows[0] == rows[1]


# Commands on what is not there or not so: code and, where managers match
# them, words.
MISUSES = [
    (["state", "NAME"], "does not exist"),
    (["start", "NAME"], "does not exist"),
    (["kill", "NAME", "TERM"], "does not exist"),
    (["delete", "NAME"], "does not exist"),
    (["delete", "--force", "NAME"], None),
    (["pause", "NAME"], "does not exist"),
    (["resume", "NAME"], "does not exist"),
    (["ps", "NAME"], "does not exist"),
    (["update", "NAME", "--memory", "10000000"], "does not exist"),
    (["events", "--stats", "NAME"], "does not exist"),
    (["exec", "NAME", "true"], "does not exist"),
    (["state"], None),
    (["exec", "NAME"], None),
    (["nonsense"], None),
    (["run", "../escape"], "invalid"),
    (["run", "a/b"], "invalid"),
    (["run", ""], None),
]


@pytest.mark.parametrize("command, text", MISUSES,
                         ids=lambda v: " ".join(v) if v and isinstance(
                             v, list) else "")
def test_misuse(both, name, command, text):
    codes = []
    for bundle in both:
        bundle.save()
        result = bundle(*[name if word == "NAME" else word
                          for word in command], check=False)
        codes.append(result.code)
        if text:
            assert text in result.err, result
    assert codes[0] == codes[1]


def test_misuse_of_a_running_container(both, name):
    seen = []
    for bundle in both:
        bundle.start(name)
        results = [
            bundle("start", name, check=False),
            bundle("create", name, check=False),
            bundle("resume", name, check=False),
            bundle("kill", name, "NOPE", check=False),
            bundle("kill", name, "99", check=False),
            bundle("delete", name, check=False),
            bundle("ps", "-f", "nope", name, check=False),
        ]
        seen.append([result.code for result in results])
        assert "not stopped" in results[5].err or "running" in results[5].err
        assert "exist" in results[1].err
        assert bundle.state(name)["status"] == "running"
    assert seen[0] == seen[1]


def test_kill_of_a_stopped_container_says_what_managers_match(both, name):
    said = []
    for bundle in both:
        bundle.start(name, "true")
        until(lambda: bundle.state(name)["status"] == "stopped")
        result = bundle("kill", name, "KILL", check=False)
        said.append((result.code, "container not running" in result.err))
        bundle("kill", "--all", name, "KILL", check=False)
    assert said[0] == said[1]


@pytest.mark.parametrize("word", ["KILL", "SIGKILL", "9", "kill"])
def test_kill_by_name_and_number(bundle, name, word):
    pid = bundle.start(name)
    bundle("kill", name, word)
    until(lambda: not alive(pid))


def test_kill_all(bundle, name):
    bundle.start(name, "sh", "-c", "sleep 1000 & sleep 1000 & exec sleep 1000")
    until(lambda: len(json.loads(bundle("ps", "-f", "json",
                                        name).out)) == 3)
    pids = json.loads(bundle("ps", "-f", "json", name).out)
    bundle("kill", "--all", name, "KILL")
    until(lambda: not any(alive(pid) for pid in pids))


def test_delete_force_of_a_running_container(bundle, name, host_unchanged):
    bundle.start(name, "sh", "-c", "sleep 1000 & exec sleep 1000")
    bundle("delete", "--force", name)
    assert bundle("state", name, check=False).code == 1


def test_ps(both, name):
    seen = []
    for bundle in both:
        bundle.start(name, "sh", "-c", "sleep 321 & exec sleep 654")
        # "sh -c" is gone when both have become what they execute.
        until(lambda: (table := bundle("ps", name).out).count("sleep ") == 2
              and "sh -c" not in table)
        pids = json.loads(bundle("ps", "--format", "json", name).out)
        assert bundle.state(name)["pid"] in pids and len(pids) == 2
        table = bundle("ps", name, "-e", "-o", "pid,args").out.splitlines()
        seen.append((table[0].split(),
                     sorted(line.split(None, 1)[1] for line in table[1:])))
        assert bundle("ps", name).out.splitlines()[0].split()[:3] == [
            "UID", "PID", "PPID"]
    assert seen[0] == seen[1]


def test_pause_and_resume(both, name):
    for bundle in both:
        out = bundle.path / "output"
        bundle.start(name, "sh", "-c", "while :; do echo x; sleep 0.02; done")
        until(lambda: out.stat().st_size)
        bundle("pause", name)
        assert bundle.state(name)["status"] == "paused"
        size = out.stat().st_size
        time.sleep(0.3)
        assert out.stat().st_size == size
        again = bundle("pause", name, check=False)
        assert again.code == 1
        refused = bundle("exec", name, "true", check=False)
        assert refused.code == 255 and "paused" in refused.err
        bundle("resume", name)
        assert bundle.state(name)["status"] == "running"
        until(lambda: out.stat().st_size > size)


def test_a_paused_container_dies_by_delete_force(bundle, name,
                                                 host_unchanged):
    bundle.start(name)
    bundle("pause", name)
    bundle("delete", "--force", name)


def keys(value, path=""):
    """Every path of keys that leads to a number, lists left out."""
    found = set()
    if isinstance(value, dict):
        for key, inner in value.items():
            found |= {f"{path}.{key}"} | keys(inner, f"{path}.{key}")
    return found


# Per size of huge pages, as the host's hierarchies have them; and lists that
# are there if a disk was read.
KEYS_NOT_GIVEN = (".hugetlb", ".intel_rdt", ".blkio.")


def stats_of(bundle, name):
    lines = bundle("events", "--stats", name).out.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def test_events_stats_has_runcs_keys(both, name):
    stats = []
    for bundle in both:
        bundle.start(name, "sh", "-c",
                     "dd if=/dev/zero of=/dev/shm/x bs=1M count=20; echo done;"
                     "exec sleep 99")
        until(lambda: "done" in (bundle.path / "output").read_text())
        # What is 0 is left out, and the kernel adds up now and then.
        until(lambda: "cache" in stats_of(bundle, name)["data"]["memory"])
        stats.append(stats_of(bundle, name))
    assert stats[0]["type"] == stats[1]["type"] == "stats"
    ours, runc = (keys(s["data"]) for s in stats)
    missing = sorted(key for key in runc - ours
                     if not key.startswith(KEYS_NOT_GIVEN))
    assert not missing
    used = [s["data"]["memory"]["usage"]["usage"] for s in stats]
    assert 20 << 20 <= used[0] <= used[1] + (16 << 20)
    pids = [s["data"]["pids"]["current"] for s in stats]
    assert pids[0] == pids[1] >= 1


def test_events_count_the_page_cache(bundle, name):
    bundle.start(name, "sh", "-c",
                 "dd if=/dev/zero of=/dev/shm/x bs=1M count=20; sleep 99")

    def cached():
        return stats_of(bundle, name)["data"]["memory"].get("cache", 0)

    # The kernel adds up what its processors counted every two seconds.
    until(lambda: cached() >= 20 << 20)


def test_events_tell_of_an_oom_kill(bundle, name):
    bundle.spec["linux"]["resources"] = {
        "memory": {"limit": 20 << 20, "swap": 20 << 20}}
    bundle.start(name, "sh", "-c", "sleep 1; dd if=/dev/zero of=/dev/null "
                 "bs=100M count=1; sleep 1")
    result = bundle("events", "--interval", "1s", name)
    events = [json.loads(line) for line in result.out.splitlines()]
    kinds = {event["type"] for event in events}
    assert kinds == {"stats", "oom"}, events
    assert all(event["id"] == name for event in events)


def test_update(both, name, tmp_path):
    (tmp_path / "resources").write_text(json.dumps({
        "memory": {"limit": 60 << 20, "swap": 120 << 20},
        "cpu": {"shares": 300, "quota": 25000, "period": 50000},
        "pids": {"limit": 33}}))
    if not os.path.isdir("/sys/fs/cgroup/memory"):
        pytest.skip("cgroup v1 is missing")
    seen = []
    for number, bundle in enumerate(both):
        bundle.spec["linux"]["cgroupsPath"] = f"/t{number}{name}"
        pid = bundle.start(name)
        for arguments in (
                ["--memory", "50000000", "--memory-swap", "90000000",
                 "--pids-limit", "44", "--cpu-share", "200", "--cpuset-cpus",
                 "0"],
                ["--resources", tmp_path / "resources"],
                ["--cpu-quota", "30000", "--cpu-period", "60000"]):
            bundle("update", *arguments, name)
            seen.append([cgroup.limit(pid, *where) for where in (
                ("memory", "memory.limit_in_bytes"), ("cpu", "cpu.shares"),
                ("cpu", "cpu.cfs_quota_us"), ("cpu", "cpu.cfs_period_us"),
                ("pids", "pids.max"), ("cpuset", "cpuset.cpus"))])
        stdin = bundle("update", "--resources", "-", name,
                       input='{"pids":{"limit":55}}')
        assert stdin.code == 0
        seen.append([cgroup.limit(pid, "pids", "pids.max")])
        bad = bundle("update", "--memory", "nope", name, check=False)
        seen.append(bad.code)
        # An emulation of what `delete` would leave otherwise.
        bundle("delete", "--force", name)
    assert seen[:5] == seen[5:]


def test_features(both):
    ours, runc = (json.loads(bundle("features").out) for bundle in both)
    assert set(runc) <= set(ours)
    assert set(runc["hooks"]) == set(ours["hooks"])
    assert set(runc["linux"]) <= set(ours["linux"])
    assert set(runc["linux"]["namespaces"]) <= set(ours["linux"]["namespaces"])
    # Those of other runtimes' own are not runc's to know.
    missing = set(runc["mountOptions"]) - set(ours["mountOptions"])
    assert not missing, missing
    assert set(runc["linux"]["seccomp"]["actions"]) <= set(
        ours["linux"]["seccomp"]["actions"])


@pytest.mark.parametrize("id_map", [False, True])
def test_spec(both, tmp_path, id_map):
    ours, runc = tmp_path / "ours", tmp_path / "runc"
    for path, bundle in ((ours, both[0]), (runc, both[1])):
        path.mkdir()
        more = ["--id-map", "300000 400000 65536"] if (
            id_map and bundle is both[0]) else []
        run(bundle.runtime, "spec", *more, cwd=path)
        again = run(bundle.runtime, "spec", cwd=path, check=False)
        assert again.code == 1 and "exists" in again.err
    ours, runc = (json.loads((p / "config.json").read_text())
                  for p in (ours, runc))
    assert set(ours) == set(runc)
    assert set(ours["process"]) == set(runc["process"])
    if id_map:
        assert ours["linux"]["uidMappings"] == [
            {"containerID": 0, "hostID": 300000, "size": 65536}]
        assert ours["linux"]["gidMappings"] == [
            {"containerID": 0, "hostID": 400000, "size": 65536}]
        assert {"type": "user"} in ours["linux"]["namespaces"]


@pytest.mark.parametrize("text", ["1 2", "a b c", "0 0 10", "1 2 3 4"])
def test_a_bad_id_map(bundle, tmp_path, text):
    result = run(bundle.runtime, "spec", "--bundle", tmp_path, "--id-map",
                 text, check=False)
    assert result.code == 1 and len(result.err.splitlines()) == 1
    assert not (tmp_path / "config.json").exists()


def test_an_id_map_of_the_spec_is_used(bundle, name, disk, busybox_rootfs):
    run("cp", "-a", busybox_rootfs, disk / "rootfs")
    bundle.spec["root"]["path"] = str(disk / "rootfs")
    for kind in ("uid", "gid"):
        bundle.spec["linux"][f"{kind}Mappings"] = [
            {"containerID": 0, "hostID": 300000, "size": 65536}]
    bundle.spec["linux"]["namespaces"].append({"type": "user"})
    said = bundle.shell("cat /proc/self/uid_map; touch /made; id -u", name)
    assert said.out.split() == ["0", "300000", "65536", "0"]
    assert os.stat(disk / "rootfs/made").st_uid in (0, 300000)


def test_run_in_the_foreground(both, name):
    codes = []
    for bundle in both:
        codes.append(bundle.shell("cat; exit 12", name, check=False,
                                  input="in\n"))
        codes.append(bundle.shell("kill -KILL $$", name + "k", check=False))
        assert bundle("state", name, check=False).code == 1
    assert [(r.code, r.out) for r in codes[:2]] == [
        (r.code, r.out) for r in codes[2:]]
    assert codes[0].out == "in\n" and codes[0].code == 12


def test_signals_are_forwarded(bundle, name):
    bundle.save(args=["sh", "-c", "trap 'echo usr1' USR1; trap 'exit 4' TERM; "
                      "echo up; while :; do sleep 0.05; done"])
    with subprocess.Popen(list(map(str, bundle.arguments("run", name))),
                          stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == "usr1\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 4


def test_run_detached_keep_and_pid_file(both, name, tmp_path):
    for bundle in both:
        bundle.save(args=["sleep", "1000"])
        bundle.detached("run", "--detach", "--pid-file", tmp_path / "p", name)
        assert bundle.state(name)["status"] == "running"
        assert alive(int((tmp_path / "p").read_text()))
        bundle("delete", "--force", name)
        bundle.save(args=["true"])
        bundle("run", "--keep", name)
        assert bundle.state(name)["status"] == "stopped"
        bundle("delete", name)


def test_no_pivot(bundle, name):
    bundle.save(args=["sh", "-c", "ls / | head -3; ls /proc/1/root | head -3"])
    plain, moved = bundle("run", name), bundle("run", "--no-pivot", name)
    assert plain.out == moved.out != ""


def test_preserve_fds(both, name):
    seen = []
    for bundle in both:
        read, write = os.pipe()
        other = os.open("/etc/hostname", os.O_RDONLY)

        def arrange():
            os.dup2(write, 3)
            os.dup2(other, 4)

        bundle.save(args=["sh", "-c", "ls /proc/self/fd; echo through >&3"])
        result = bundle("run", "--preserve-fds", "2", name, pass_fds=(3, 4),
                        preexec_fn=arrange)
        os.close(write)
        os.close(other)
        seen.append((result.out, os.read(read, 100)))
        os.close(read)
    assert seen[0] == seen[1]
    assert seen[0][1] == b"through\n"


def test_activated_sockets_pass(both, name):
    """As sd_listen_fds(3) has them, before the preserved descriptors."""
    seen = []
    for bundle in both:
        read, write = os.pipe()
        other = os.open("/etc/hostname", os.O_RDONLY)
        bundle.save(args=["sh", "-c", "ls /proc/self/fd; env | grep LISTEN | "
                          "sort; echo through >&3"])
        # The shell's pid is the runtime's after exec.
        activate = " ".join(
            ["export LISTEN_PID=$$ LISTEN_FDS=1; exec", *map(
                str, bundle.arguments("run", "--preserve-fds", "1", name))])
        result = run("bash", "-c", f"exec 3>&{write} 4<&{other}; {activate}",
                     pass_fds=(write, other))
        os.close(write)
        os.close(other)
        seen.append((result.out, os.read(read, 100)))
        os.close(read)
    assert seen[0] == seen[1]
    assert "LISTEN_FDS=1\nLISTEN_PID=1\n" in seen[0][0]
    assert seen[0][1] == b"through\n"


def test_log_and_log_format(both, name, tmp_path):
    seen = []
    for bundle in both:
        log = tmp_path / f"log-{pathlib.Path(bundle.runtime).name}"
        result = bundle("state", name, check=False,
                        globals_=["--log", log, "--log-format", "json"])
        line = json.loads(log.read_text().splitlines()[-1])
        seen.append((result.code, list(line), line["level"],
                     "does not exist" in line["msg"],
                     "does not exist" in result.err))
        assert bundle("state", name, check=False,
                      globals_=["--log-format", "nope"]).code == 1
    assert seen[0] == seen[1]


def test_a_config_beside_the_bundle(bundle, name, tmp_path):
    """crun's --config."""
    bundle.save(args=["echo", "from elsewhere"])
    (bundle.path / "config.json").rename(tmp_path / "other.json")
    result = bundle("run", "--config", tmp_path / "other.json", name)
    assert result.out == "from elsewhere\n"


def test_accepted_flags_of_the_existing_system(bundle, name):
    bundle.save(args=["cat", "/proc/self/uid_map"])
    result = bundle("run", name, globals_=[
        "--no-sysbox-mgr", "--no-sysbox-fs", "--no-kernel-check", "--debug",
        "--cgroup-manager", "cgroupfs"])
    assert result.out.split() == ["0", "231072", "65536"]


def test_runs_without_a_daemon(bundle, daemon, name):
    daemon.stop()
    try:
        assert bundle.shell("id -u", name).out == "0\n"
        refused = bundle("create", name, check=False)
        assert refused.code == 1
        assert len(refused.err.splitlines()) == 1
        assert "sysbox daemon" in refused.err
    finally:
        daemon.start()


def test_version_and_help(runtime, binary):
    for program in (runtime, binary):
        text = run(program, "--version").out
        assert "commit" in text and "spec" in text
        assert "kernel" in text.lower() or program == runtime
    assert "create" in run(runtime, "--help").out
    assert "--bundle" in run(runtime, "help", "run").out
    assert "--bundle" in run(runtime, "run", "--help").out
    assert "docker" in run(binary, "help", "install").out.lower()
