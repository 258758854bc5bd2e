"""A config.json that is wrong in some field: one line that names it."""

import copy
import json

import pytest

# where in config.json, and what it becomes
WRONG = [
    ("ociVersion", 5), ("ociVersion", "x"),
    ("process", 1), ("process.args", "true"), ("process.args", []),
    ("process.args.0", 7), ("process.env", "A=1"), ("process.env.0", 3),
    ("process.cwd", "relative"), ("process.cwd", 5), ("process.user", "root"),
    ("process.user.uid", -1), ("process.user.uid", "0"),
    ("process.user.uid", 1 << 33), ("process.user.gid", 1.5),
    ("process.user.additionalGids", 5), ("process.terminal", "yes"),
    ("process.noNewPrivileges", 1), ("process.capabilities", []),
    ("process.capabilities.bounding", "ALL"),
    ("process.rlimits", {}), ("process.rlimits.0.type", "RLIMIT_NOPE"),
    ("process.rlimits.0.soft", -1), ("process.rlimits.0.hard", "x"),
    ("process.oomScoreAdj", 5000), ("process.oomScoreAdj", "low"),
    ("root", "/"), ("root.path", 5), ("root.path", ""),
    ("root.readonly", "false"),
    ("hostname", 5), ("hostname", "h" * 65),
    ("mounts", {}), ("mounts.0.destination", 5),
    ("mounts.0.options", "ro"), ("mounts.0.type", []),
    ("linux", []), ("linux.namespaces", {}),
    ("linux.namespaces.5.type", "nope"), ("linux.namespaces.0.type", 1),
    ("linux.namespaces.0.path", "/does/not/exist"),
    ("linux.uidMappings", 5), ("linux.sysctl", []),
    ("linux.sysctl", {"a": 1}), ("linux.cgroupsPath", 5),
    ("linux.resources", []), ("linux.resources.memory", 5),
    ("linux.resources.memory.limit", "1g"),
    ("linux.resources.cpu.shares", -1), ("linux.resources.cpu.cpus", "x-y"),
    ("linux.resources.pids.limit", "x"), ("linux.resources.devices", {}),
    ("linux.resources.devices.0.type", "z"),
    ("linux.devices", {}), ("linux.seccomp", []),
    ("linux.seccomp.defaultAction", "NOPE"),
    ("linux.maskedPaths", "x"), ("linux.maskedPaths.0", 5),
    ("linux.readonlyPaths", 5), ("linux.rootfsPropagation", "sideways"),
    ("hooks", []), ("hooks.prestart", {}), ("hooks.prestart.0.path", "rel"),
    ("hooks.prestart.0.timeout", -1), ("annotations", []),
    ("annotations", {"a": 1}),
]

BASE = {
    "process": {"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 9, "hard": 9}]},
    "hooks": {"prestart": [{"path": "/bin/true"}]},
    "linux": {"resources": {"memory": {}, "cpu": {}, "pids": {"limit": 1},
                            "devices": [{"allow": False, "access": "rwm"}]},
              "seccomp": {"defaultAction": "SCMP_ACT_ALLOW"}},
}


def merged(spec, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(spec.get(key), dict):
            merged(spec[key], value)
        else:
            spec[key] = copy.deepcopy(value)
    return spec


def put(spec, where, value):
    *path, last = [int(word) if word.isdigit() else word
                   for word in where.split(".")]
    for word in path:
        spec = spec[word]
    spec[last] = value


def named(where):
    """linux.namespaces.0.type as errors write it"""
    text = ""
    for word in where.split("."):
        text += f"[{word}]" if word.isdigit() else "." + word
    return text.lstrip(".")


@pytest.mark.parametrize("where, value", WRONG,
                         ids=lambda v: v if isinstance(v, str) else repr(v))
def test_a_wrong_field_is_named(bundle, name, host_unchanged, where, value):
    merged(bundle.spec, BASE)
    put(bundle.spec, where, value)
    bundle.save() if where != "process" else bundle.write(
        json.dumps(bundle.spec))
    result = bundle("run", name, check=False)
    assert result.code == 1, result
    assert len(result.err.splitlines()) == 1, result
    assert named(where) in result.err.replace('\\"', '"'), result
    assert bundle("state", name, check=False).code == 1


@pytest.mark.parametrize("missing", [
    "ociVersion", "process", "root", "linux", "process.args", "process.cwd",
    "root.path", "linux.namespaces.0.type", "mounts.0.destination"])
def test_a_missing_field_is_named(bundle, name, host_unchanged, missing):
    bundle.save()
    *path, last = [int(word) if word.isdigit() else word
                   for word in missing.split(".")]
    inner = bundle.spec
    for word in path:
        inner = inner[word]
    del inner[last]
    bundle.write(json.dumps(bundle.spec))
    result = bundle("run", name, check=False)
    assert result.code == 1, result
    assert len(result.err.splitlines()) == 1, result
    assert named(missing) in result.err, result


@pytest.mark.parametrize("text", [
    "", "{", "null", "[]", "5", '"x"', "{}", "{} {}", "\0", "{\"a\":}",
    "[" * 100000, '{"ociVersion": "1.0.2",}', '{"ociVersion":"\\ud800"}'],
    ids=lambda text: repr(text[:12]))
def test_what_is_no_spec(bundle, name, host_unchanged, text):
    bundle.write(text)
    result = bundle("run", name, check=False)
    assert result.code == 1, result
    assert len(result.err.splitlines()) == 1, result
    assert "config.json" in result.err or "ociVersion" in result.err or (
        "process" in result.err), result


def test_a_missing_bundle_config_and_rootfs(bundle, name, host_unchanged):
    (bundle.path / "config.json").unlink()
    result = bundle("run", name, check=False)
    assert result.code == 1 and "config.json" in result.err
    bundle.spec["root"]["path"] = "/does/not/exist"
    bundle.save()
    result = bundle("run", name, check=False)
    assert result.code == 1 and "/does/not/exist" in result.err
    assert len(result.err.splitlines()) == 1
    bundle.spec["root"]["path"] = "/etc/passwd"
    bundle.save()
    result = bundle("run", name, check=False)
    assert result.code == 1 and len(result.err.splitlines()) == 1


def test_an_existing_id_is_left_alone(bundle, name):
    pid = bundle.start(name)
    for command in ("create", "run"):
        result = bundle(command, name, check=False)
        assert result.code == 1 and "exist" in result.err
        assert len(result.err.splitlines()) == 1
    assert bundle.state(name)["pid"] == pid
    assert bundle.state(name)["status"] == "running"
