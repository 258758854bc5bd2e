"""What the runtime is asked for in vain: runc's exit codes, and one line."""

import shlex
import subprocess

import pytest

from harness.bundle import Bundle
from harness.command import run
from harness.waiting import until

# The state of container C -> command lines that leave it as it is.
ASKED = {
    "absent": """
        state
        state C C
        state C
        state a/b
        list x
        list --format nope
        features x
        nope
        help nope
        --nope state C
        --root
        --log-format nope state C
        --log /absent/log state C
        kill C
        delete C
        delete --force C
        start C
        start
        exec
        exec C true
        exec --nope C true
        ps C
        pause C
        resume C
        events C
        update C
        create
        create C C
        create a/b
        create ""
        create --bundle /absent C
        create --pid-file /absent/pid C
        create --console-socket /absent C
        create --preserve-fds 300 C
        run --preserve-fds x C
        run --nope C""",
    "created": """
        state C
        create C
        run C
        delete C
        resume C
        kill C 0
        ps C
        events --stats C
        update C""",
    "running": """
        create C
        start C
        delete C
        exec C
        exec -d C
        exec C absent
        exec C /absent
        exec C /etc
        exec -u nope C true
        exec -u 1:2:3 C true
        exec -u 1: C true
        exec -u -1 C true
        exec --cwd nope C true
        exec -e NAME C true
        exec -e =value C true
        exec -c CAP_NOPE C true
        exec -p /absent C
        exec -d -t C true
        exec --preserve-fds 9 C true
        exec --cgroup absent C true
        exec --pid-file /absent/pid C true
        ps --format nope C
        ps C --nope
        kill C NOPE
        kill C 0
        kill C 99
        kill C -9
        kill C SIGUSR3
        kill --all C 0
        events --interval 0 C
        events --interval nope C
        update C
        update --memory nope C
        update --memory -2 C
        update --cpu-quota nope C
        update --cpuset-cpus 99 C
        update --cpu-period 1 C
        update --pids-limit nope C
        update --resources /absent C
        resume C""",
    "paused": """
        state C
        pause C
        start C
        exec C true
        kill C 0
        delete C""",
    "stopped": """
        state C
        start C
        create C
        exec C true
        pause C
        resume C
        kill C TERM
        ps C
        events --stats C
        update --memory 50m C""",
}
CASES = [(state, line.strip()) for state, lines in ASKED.items()
         for line in lines.strip().splitlines()]
COMMANDS = {line.split()[0] for _, line in CASES} - {"--root", "nope"}


def bring(bundle, state):
    """Makes a container whose name is its state."""
    bundle.save(args=["sleep", "1000"])
    if state == "absent":
        return
    bundle.detached("create", state)
    if state == "created":
        return
    bundle("start", state)
    if state == "paused":
        bundle("pause", state)
    if state == "stopped":
        bundle("kill", state, "KILL")
        until(lambda: bundle.state(state)["status"] == "stopped")


@pytest.fixture(scope="module")
def both(runtime, shared_rootfs, daemon, tmp_path_factory):
    where = tmp_path_factory.mktemp("usage")
    bundles = [Bundle(runtime, where / "ours", shared_rootfs),
               Bundle("runc", where / "runc", shared_rootfs)]
    for bundle in bundles:
        bundle.globals = ["--root", where / bundle.path.name / "root"]
        for state in ASKED:
            bundle.spec["linux"]["cgroupsPath"] = (
                f"/usage-{where.name}-{bundle.path.name}-{state}")
            bring(bundle, state)
    yield bundles
    for bundle in bundles:
        for state in ASKED:
            bundle("delete", "--force", state)


def ask(bundle, words):
    """Also what has its flags before the command, or no command."""
    command = next((i for i, word in enumerate(words) if word in COMMANDS),
                   len(words))
    where = ["--bundle", bundle.path] if words[command:][:1] in (
        ["create"], ["run"]) and "--bundle" not in words else []
    return run(bundle.runtime, *bundle.globals, *words[:command + 1], *where,
               *words[command + 1:], check=False, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("state, line", CASES,
                         ids=[" ".join(case) for case in CASES])
def test_as_with_runc(both, state, line):
    words = [state if word == "C" else word for word in shlex.split(line)]
    ours, runc = (ask(bundle, words) for bundle in both)
    assert ours.code == runc.code, f"{ours}\n{runc}"
    if ours.code:
        assert (ours.out, len(ours.err.splitlines())) == ("", 1), ours
