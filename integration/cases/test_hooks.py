"""OCI hooks: order, place, input, failures and time-outs."""

import json
import os
import pathlib
import time

import pytest

from harness import images

POINTS = ["prestart", "createRuntime", "createContainer", "startContainer",
          "poststart", "poststop"]
BEFORE_CREATED = POINTS[:3]


def hook(path, point, extra="", **more):
    """Appends the point, its state, its view to a file of the host's."""
    # One write: two hooks may run at the same time.
    script = f"""
state=$(cat)
mnt=$(readlink /proc/self/ns/mnt) net=$(readlink /proc/self/ns/net)
printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "{point}" "$state" \\
  "$mnt" "$net" "$(stat -c %i .)" "$(id -u)" "$MINE" >> {path}
{extra}
"""
    return {"path": "/bin/busybox", "args": ["sh", "-c", script],
            "env": ["PATH=/bin:/usr/bin", "MINE=1"], **more}


def lines_of(path):
    keys = ("point", "state", "mnt", "net", "cwd", "uid", "mine")
    found = []
    for line in path.read_text().splitlines():
        entry = dict(zip(keys, line.split("\t")))
        entry["state"] = json.loads(entry["state"])
        found.append(entry)
    return found


@pytest.fixture
def log(disk):
    """Writable for container root too: some hooks run as him."""
    path = disk / "log"
    path.touch()
    path.chmod(0o666)
    return path


@pytest.fixture
def with_log(log):
    """Makes the log visible inside, at its path on the host."""
    def show(bundle):
        bundle.spec["mounts"].append(
            {"type": "bind", "source": str(log), "destination": str(log),
             "options": ["rbind", "rw"]})
        return bundle
    return show


def run_with_hooks(bundle, name, log, points=POINTS):
    bundle.spec["annotations"] = {"a": "b"}
    bundle.spec["hooks"] = {point: [hook(log, point)] for point in points}
    bundle.save(args=["sleep", "100"])
    bundle.detached("create", name)
    created = len(lines_of(log))
    bundle("start", name)
    deadline = time.monotonic() + 5
    while len(lines_of(log)) < len(points) - 1:  # startContainer's own time
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.01)
    pid = bundle.state(name)["pid"]
    bundle("delete", "--force", name)
    return lines_of(log), created, pid


def test_order_place_and_state(bundle, name, log, with_log, nothing_left):
    lines, created, pid = run_with_hooks(with_log(bundle), name, log)
    points = [line["point"] for line in lines]
    assert sorted(points) == sorted(POINTS)
    assert points[:3] == BEFORE_CREATED and created == 3
    assert points[-1] == "poststop"
    own = os.readlink("/proc/self/ns/mnt")
    for line in lines:
        state = line["state"]
        inside = line["point"] in ("createContainer", "startContainer")
        assert (line["mnt"] == own) == (not inside), line
        assert line["mine"] == "1"
        assert state["id"] == name
        assert state["bundle"] == str(bundle.path)
        assert state["annotations"] == {"a": "b"}
        assert state["ociVersion"]
        # "For hooks executed in the container namespace, it is the pid as
        # seen by the container."
        expected = {"poststop": 0}.get(line["point"], 1 if inside else pid)
        assert state.get("pid", 0) == expected, line
        assert state["status"] == {
            "prestart": "creating", "createRuntime": "creating",
            "createContainer": "creating", "startContainer": "created",
            "poststart": "running", "poststop": "stopped"}[line["point"]]


def test_as_with_runc(bundle, runc_bundle, name, disk, log, with_log):
    for each in (bundle, runc_bundle):
        each.spec["process"]["cwd"] = "/tmp"
    ours, _, _ = run_with_hooks(with_log(bundle), name, log)
    log.write_text("")
    runc_bundle.spec["root"] = bundle.spec["root"]
    theirs, _, _ = run_with_hooks(with_log(runc_bundle), name, log)

    def comparable(lines):
        own = os.readlink("/proc/self/ns/mnt")
        return {line["point"]: (line["state"]["status"],
                                sorted(line["state"]),
                                line["state"].get("pid") == 1,
                                line["mnt"] == own, line["uid"],
                                of_inode.get(line["cwd"]))
                for line in lines}

    of_inode = {str(os.stat(path).st_ino): what for path, what in (
        (bundle.path, "bundle"), (runc_bundle.path, "bundle"),
        (bundle.spec["root"]["path"], "rootfs"),
        (pathlib.Path(bundle.spec["root"]["path"], "tmp"), "cwd"))}

    ours, theirs = comparable(ours), comparable(theirs)
    # There runc 1.1 still says "created", against the specification.
    del ours["poststart"], theirs["poststart"]
    # Of the bundle's hooks on the host, the last of runc's runs where its
    # `delete` does.
    assert ours["poststop"][-1] == "bundle"
    theirs["poststop"] = (*theirs["poststop"][:-1], "bundle")
    assert ours == theirs
    assert [ours[point][-1] for point in POINTS[:4]] == [
        "bundle", "bundle", "rootfs", "cwd"]


# As hooks of device makers do: by the path that config.json says.
CHANGE = """echo {0} >{1}/etc/{0}; mount -t tmpfs t {1}/{0}; echo {0} >{1}/{0}/f"""


@pytest.mark.parametrize("read_only", [False, True])
def test_the_rootfs_is_where_config_json_says(bundle, name, log, busybox_rootfs,
                                              disk, read_only):
    """For who enters the mount namespace, too, and what is done there lasts."""
    rootfs = images.make_busybox_rootfs(disk / "rootfs")
    bundle.spec["root"] = {"path": str(rootfs), "readonly": read_only}
    enter = ("pid=${state##*'\"pid\":'}; /usr/bin/nsenter -U -m -t "
             "${pid%%[!0-9]*} sh -ec '" + CHANGE.format("tmp", rootfs) + "'")
    bundle.spec["hooks"] = {
        "createRuntime": [hook(log, "createRuntime", f"set -e; {enter}")],
        "createContainer": [hook(log, "createContainer",
                                 "set -e; " + CHANGE.format("home", rootfs))]}
    bundle.save(args=["cat", "/etc/tmp", "/etc/home", "/tmp/f", "/home/f"])
    assert bundle("run", name).out == "tmp\nhome\ntmp\nhome\n"
    assert not (rootfs / "tmp/f").exists()


@pytest.mark.parametrize("point", ["prestart", "createRuntime"])
def test_hooks_on_the_host_come_when_all_is_mounted(bundle, name, log, point):
    """However long that takes."""
    bundle.spec["mounts"] += [
        {"type": "tmpfs", "source": "t", "destination": f"/tmp/{number}"}
        for number in range(300)]
    bundle.spec["hooks"] = {point: [hook(
        log, point, "pid=${state##*'\"pid\":'}; "
        "grep -q /tmp/299 /proc/${pid%%[!0-9]*}/mountinfo")]}
    bundle.save(args=["true"])
    bundle("run", name)


# As hooks of vendors do that CDI names: from the state to config.json, and from
# there to the root file system.
BY_CONFIG = """set -e
bundle=${state##*'"bundle":"'}
bundle=${bundle%%'"'*}
root=$(sed 's/.*"root": {"path": "\\([^"]*\\).*/\\1/' $bundle/config.json)
cd $bundle
echo made >$root/etc/made"""


@pytest.mark.parametrize("place", ["bundle/rootfs", "deep/rootfs"])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_bundle_that_only_the_hosts_root_may_enter(
        bundle, name, log, disk, place, read_only, nothing_left):
    """Nor its rootfs, as is with Docker's: hooks that run as the container's
    root read both all the same."""
    closed = disk / "closed"
    closed.mkdir(mode=0o700)
    bundle.path = bundle.path.rename(closed / "bundle")
    rootfs = images.make_busybox_rootfs(closed / place)
    (closed / place).parent.chmod(0o710)
    path = "rootfs" if place.startswith("bundle") else str(rootfs)
    bundle.spec["root"] = {"path": path, "readonly": read_only}
    bundle.spec["hooks"] = {"createContainer": [
        hook(log, "createContainer", BY_CONFIG)]}
    bundle.save(args=["sh", "-c", "cat /etc/made; cut -d ' ' -f 5 "
                      "/proc/self/mountinfo | grep -c closed"])
    assert bundle("run", name, check=False).out == "made\n0\n"


def test_a_hook_of_a_bundle_that_is_gone(bundle, name, log):
    """Runs all the same, in the root directory."""
    bundle.spec["hooks"] = {"poststop": [hook(log, "poststop")]}
    bundle.start(name)
    aside = bundle.path.rename(f"{bundle.path}.aside")
    bundle("delete", "--force", name)
    aside.rename(bundle.path)
    assert [line["cwd"] for line in lines_of(log)] == [
        str(os.stat("/").st_ino)]


def failing(log, point, index):
    """Three hooks, of which one fails."""
    return [hook(log, f"{point}{i}",
                 "echo to stderr >&2; exit 3" if i == index else "")
            for i in range(3)]


@pytest.mark.parametrize("point", BEFORE_CREATED)
def test_a_failing_hook_ends_the_create(bundle, name, log, with_log, point,
                                        nothing_left):
    with_log(bundle).spec["hooks"] = {
        point: failing(log, point, 1), "poststop": [hook(log, "poststop")]}
    bundle.save(args=["true"])
    result = bundle("create", name, check=False)
    assert result.code == 1
    assert len(result.err.splitlines()) == 1, result
    for text in (f"error running {point} hook #1", "exit status 3",
                 "to stderr"):
        assert text in result.err
    assert [line["point"] for line in lines_of(log)] == [
        f"{point}0", f"{point}1", "poststop"]
    assert bundle("state", name, check=False).code == 1


def test_a_failing_start_container_hook_ends_the_container(
        bundle, name, log, with_log, nothing_left):
    with_log(bundle).spec["hooks"] = {
        "startContainer": failing(log, "startContainer", 1)}
    bundle.save(args=["touch", str(log.parent / "ran")])
    result = bundle("run", name, check=False)
    assert result.code != 0
    assert "startContainer hook #1" in result.err, result
    assert [line["point"] for line in lines_of(log)] == [
        "startContainer0", "startContainer1"]


@pytest.mark.parametrize("point", ["poststart", "poststop"])
def test_a_failing_late_hook_is_only_a_warning(bundle, name, log, point,
                                               nothing_left):
    bundle.spec["hooks"] = {point: failing(log, point, 1)}
    bundle.save(args=["true"])
    result = bundle("run", name, check=False)
    assert result.code == 0, result
    assert f"{point} hook" in result.err
    assert [line["point"] for line in lines_of(log)] == [
        f"{point}0", f"{point}1", f"{point}2"]


@pytest.mark.parametrize("point", POINTS)
def test_a_hanging_hook_meets_its_timeout(bundle, name, log, with_log, point,
                                          nothing_left):
    hanging = hook(log, point, "sleep 77777 & sleep 77777", timeout=1)
    with_log(bundle).spec["hooks"] = {point: [hanging]}
    bundle.save(args=["true"])
    start = time.monotonic()
    result = bundle("run", name, check=False, timeout=30)
    assert 1 <= time.monotonic() - start < 10
    assert f"{point} hook" in result.err and "killed after 1 s" in result.err
    late = point in ("poststart", "poststop")
    assert (result.code == 0) == late, result
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit()
                and "77777" in command_line(pid)]


def command_line(pid):
    try:
        return open(f"/proc/{pid}/cmdline").read()
    except OSError:
        return ""


@pytest.mark.parametrize("path, text", [
    ("/no/such/hook", "no such file or directory"),
    ("/etc/passwd", "permission denied"),
    ("relative", "relative"),
])
def test_a_hook_that_cannot_run(bundle, name, path, text, nothing_left):
    bundle.spec["hooks"] = {"createRuntime": [{"path": path}]}
    bundle.save(args=["true"])
    result = bundle("run", name, check=False)
    assert result.code == 1
    assert len(result.err.splitlines()) == 1, result
    assert text in result.err.lower(), result


def test_no_hook_gets_a_descriptor_of_ours(bundle, name, log, with_log):
    script = f"ls -l /proc/self/fd >> {log}"
    with_log(bundle).spec["hooks"] = {
        point: [{"path": "/bin/busybox", "args": ["sh", "-c", script],
                 "env": ["PATH=/bin"]}] for point in POINTS}
    bundle.save(args=["true"])
    bundle("run", name)
    entries = [line.split(" -> ") for line in log.read_text().splitlines()
               if " -> " in line and "/proc/" not in line]
    assert entries
    for number, target in ((left.split()[-1], right)
                           for left, right in entries):
        assert number in ("0", "1", "2"), (number, target)
