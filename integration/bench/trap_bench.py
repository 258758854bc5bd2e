"""What system calls cost inside: sysbox-runc beside runc and a supervisor that
does the least, in turn."""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import images, private_world  # noqa: E402
from harness.bundle import Bundle  # noqa: E402
from harness.daemon import Daemon  # noqa: E402

CAPABILITIES = ["CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_CHOWN", "CAP_DAC_OVERRIDE"]
SUBJECTS = ("floor", "runc", "sysbox-runc")
# Call → what sysbox may take at most, as a multiple of what another takes for
# a call. None: to compare.
GOALS = {"getppid": ("runc", "getppid", 1.15),
         "mknod-fifo": ("runc", "mknod-fifo", 1.15),
         "swapoff": ("floor", "swapoff", 1.6),
         "mknod-null": ("floor", "mknod-null", None),
         "sysinfo": ("floor", "swapoff", None),
         "affinity": ("floor", "swapoff", None),
         "mount-tmpfs": ("floor", "mount-tmpfs", None),
         "mount-proc": ("floor", "mount-proc", 1.6)}


def make_bundle(subject, runtime, work, arguments):
    rootfs = images.make_busybox_rootfs(work / f"{subject}-rootfs")
    shutil.copy(arguments.calls, rootfs / "bin/trap_calls")
    bundle = Bundle(runtime, work / subject, rootfs)
    bundle.spec["linux"]["seccomp"] = json.loads(
        pathlib.Path(arguments.profile).read_text())["linux"]["seccomp"]
    # More than there are: nothing is held back, but affinity is trapped.
    bundle.spec["linux"].setdefault("resources", {})["cpu"] = {
        "quota": 100_000_000, "period": 100_000}
    if subject == "runc":
        in_user_namespace(bundle, rootfs)
    return bundle


def in_user_namespace(bundle, rootfs):
    """As sysbox-runc does by itself, with the profile out of mount's way."""
    linux, process = bundle.spec["linux"], bundle.spec["process"]
    maps = [{"containerID": 0, "hostID": 500000, "size": 65536}]
    linux["uidMappings"] = linux["gidMappings"] = maps
    linux["namespaces"].append({"type": "user"})
    linux["cgroupsPath"] = "/trap-bench"
    linux["seccomp"]["syscalls"].append(
        {"names": ["mount", "umount2", "mknod"], "action": "SCMP_ACT_ALLOW"})
    for kind in process["capabilities"]:
        process["capabilities"][kind] = CAPABILITIES
    for path in [rootfs, *rootfs.rglob("*")]:
        if not path.is_symlink():
            shutil.chown(path, 500000, 500000)


def read_times(output):
    return dict(line.split(" ", 1) for line in output.splitlines())


def measure(bundle, subject):
    bundle.save(args=["trap_calls"])
    return read_times(bundle("run", f"trap-bench-{subject}").out)


def names_over_procfs(bundle):
    """What sysbox puts over a new procfs, each with what lies on it."""
    bundle.save(args=["sh", "-c", "mkdir -p /tmp/m; mount -t proc p /tmp/m;"
                      "cat /proc/self/mountinfo"])
    mounts = [line.split()
              for line in bundle("run", "trap-bench-names").out.splitlines()]
    procfs = next(mount[0] for mount in mounts if mount[4] == "/tmp/m")
    return [mount[4].removeprefix("/tmp/m/") for mount in mounts
            if mount[1] == procfs]


def measure_floor(program, names):
    return read_times(subprocess.run([program, "--floor", *names], check=True,
                                     capture_output=True, text=True).stdout)


def verdict(call, medians):
    ours = medians.get(("sysbox-runc", call))
    if call not in GOALS or ours is None:
        return ""
    whose, what, limit = GOALS[call]
    theirs = medians.get((whose, what))
    if theirs is None:
        return ""
    ratio = f"{ours / theirs:.2f} x {whose}'s {what}"
    if limit is None:
        return ratio
    return (f"{ratio}, "
            f"{'met' if ours <= limit * theirs else 'MISSED'}: <= {limit}")


def report(rounds):
    medians = {}
    for subject in SUBJECTS:
        for call in rounds[0][subject]:
            values = [float(results[subject][call]) for results in rounds
                      if not results[subject][call].startswith("-")]
            if values:
                medians[subject, call] = statistics.median(values)
    print(f"{'us':14}" + "".join(f"{name:>14}" for name in SUBJECTS))
    for call in rounds[0]["sysbox-runc"]:
        row = [medians.get((subject, call)) for subject in SUBJECTS]
        cells = "".join(f"{'-' if value is None else f'{value:.2f}':>14}"
                        for value in row)
        print(f"{call:14}{cells}   {verdict(call, medians)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sysbox", required=True)
    parser.add_argument("--calls", required=True)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    for name in ("sysbox", "calls", "profile"):
        setattr(arguments, name, str(pathlib.Path(
            getattr(arguments, name)).resolve()))
    private_world.enter()
    work = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp", prefix="trap-bench-"))
    work.chmod(0o755)
    (work / "bin").mkdir()
    for name in ("sysbox", "sysbox-runc"):
        shutil.copy(arguments.sysbox, work / "bin" / name)
    daemon = Daemon(str(work / "bin/sysbox"), str(work / "data"),
                    str(work / "log"))
    daemon.start()
    bundles = {}
    try:
        for subject, runtime in (("runc", "runc"),
                                 ("sysbox-runc", work / "bin/sysbox-runc")):
            bundles[subject] = make_bundle(subject, runtime, work, arguments)
        names = names_over_procfs(bundles["sysbox-runc"])
        report([{"floor": measure_floor(arguments.calls, names),
                 **{subject: measure(bundle, subject)
                    for subject, bundle in bundles.items()}}
                for _ in range(arguments.rounds)])
    finally:
        for bundle in bundles.values():
            bundle.remove_all()
        daemon.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
