"""`sysbox doctor`: what it says is so, and it leaves nothing behind."""

import json
import pathlib

from harness import host_state
from harness.command import run

NEEDED = {"privileges", "user namespaces", "fuse", "seccomp notification",
          "id mapping, our data", "overlay, id-mapped", "cgroups"}


def findings(binary, *flags):
    """name -> check, after both ways of printing agreed."""
    result = run(binary, "doctor", "--json", *flags, check=False)
    report = json.loads(result.out)
    assert result.code == (0 if report["canRun"] else 1), result
    return {check["name"]: check for check in report["checks"]}


def test_where_containers_run_it_says_so(binary, bundle, name):
    bundle.save(args=["true"])
    bundle("run", name)
    result = run(binary, "doctor")
    assert "can run here" in result.out
    assert len(result.out.splitlines()) < 50, result.out
    checks = findings(binary)
    assert NEEDED <= set(checks)
    assert checks["user namespaces"]["health"] == "ok"
    assert checks["overlay, id-mapped"]["health"] == "ok"


def test_what_is_wrong_says_what_it_means(binary):
    for check in findings(binary, "--socket", "/absent").values():
        if check["health"] in ("limited", "missing"):
            assert check["meaning"] and check["found"], check
    assert check  # there are some


def test_the_daemon(binary, bundle, name, daemon):
    before = findings(binary)["sysbox daemon"]
    assert before["health"] == "ok"
    bundle.start(name)
    after = findings(binary)["sysbox daemon"]["found"]
    assert after != before["found"] and "container" in after
    absent = findings(binary, "--socket", "/absent")["sysbox daemon"]
    assert absent["health"] == "limited" and absent["fix"]


def test_docker_and_its_runtime(binary, docker):
    checks = findings(binary, "--docker-socket", docker.socket)
    assert str(docker.root / "data") in checks["docker"]["found"]
    assert checks["docker runtime"]["health"] == "ok"
    assert "cgroupfs" in checks["cgroups"]["found"]
    absent = findings(binary, "--docker-socket", "/absent")
    assert absent["docker"]["health"] == "limited"
    assert absent["docker runtime"]["health"] == "unknown"


def test_a_data_root_that_cannot_be_id_mapped(binary):
    check = findings(binary, "--data-root", "/proc")["id mapping, our data"]
    assert check["health"] == "limited" and "proc" in check["found"]


def test_ids_that_two_have(binary):
    for path in map(pathlib.Path, ("/etc/subuid", "/etc/subgid")):
        old = path.read_text() if path.exists() else None
        path.write_text("sysbox:100000:1048576\nother:165536:65536\n")
        try:
            check = findings(binary)["subordinate ids"]
        finally:
            path.unlink() if old is None else path.write_text(old)
        if path.name == "subuid":
            assert check["health"] == "limited"
            assert "other" in check["found"]


def test_nobody_else_is_told_that_all_is_well(binary):
    result = run("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups",
                 binary, "doctor", check=False)
    assert result.code == 1 and "sudo" in result.out, result


def test_it_leaves_nothing(binary, daemon, workspace):
    host_state.await_stock(daemon.process.pid)
    before = host_state.snapshot(daemon.process.pid, (workspace.name,))
    files = set(pathlib.Path("/var/lib").glob("**/.sysbox-doctor*"))
    run(binary, "doctor", check=False)
    assert not host_state.await_unchanged(before, daemon.process.pid,
                                          (workspace.name,))
    assert files == set(pathlib.Path("/var/lib").glob("**/.sysbox-doctor*"))
