"""How fast a container reads its /proc, beside the kernel's own files and
lxcfs's, taken in turn in one run. See README.md."""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from harness import images, private_world  # noqa: E402
from harness.bundle import Bundle  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.waiting import until  # noqa: E402

SYSCTL = "/proc/sys/vm/swappiness"
VIEWS = ("uptime", "meminfo", "stat", "loadavg")

# line, command, unit; {proc} is /proc or where lxcfs is mounted.
LINES = (
    [("sysctl", f"time {SYSCTL} {{count}}", "ns")] +
    [(view, f"time {{proc}}/{view} {{count}}", "ns") for view in VIEWS] +
    [(f"{view}-16", f"rate {{proc}}/{view} 16 {{ms}}", "/s")
     for view in ("uptime", "meminfo")] +
    [("find", "find /proc/sys", "ms"), ("sysctl-a", "read /proc/sys", "ms")])

# goal, line, other, must, stretch; below 1 more is better where unit is "/s".
GOALS = (
    [("G12", "sysctl", "native", 1.2, 1.0)] +
    [("G13", view, "lxcfs", 0.5, 0.2) for view in VIEWS] +
    [("G14", f"{view}-16", "lxcfs", 3, 8) for view in ("uptime", "meminfo")] +
    [("G15", line, "native", 3, 1.5) for line in ("find", "sysctl-a")])


class Reader:
    """A file_reader that waits for work."""

    def __init__(self, command, proc="/proc"):
        self.proc, self.process = proc, subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            preexec_fn=private_world.die_with_parent)

    def do(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the reader has ended"
        return float(answer)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="sysbox-bench-",
                                                  dir="/var/tmp"))
        self.work.chmod(0o711)
        self.readers = {}
        self.daemon = self.bundle = self.lxcfs = None

    def start(self):
        reader = self.arguments.reader
        self.readers["native"] = Reader([reader])
        directory = self.work / "bin"
        directory.mkdir()
        shutil.copy(self.arguments.sysbox, directory / "sysbox")
        (directory / "sysbox-runc").symlink_to("sysbox")
        self.daemon = Daemon(str(directory / "sysbox"),
                             str(self.work / "data"), str(self.work / "log"))
        self.daemon.start()
        rootfs = images.make_busybox_rootfs(self.work / "rootfs")
        shutil.copy(reader, pathlib.Path(rootfs) / "bin/file_reader")
        self.bundle = Bundle(directory / "sysbox-runc", self.work / "bundle",
                             rootfs)
        self.bundle.save(args=["file_reader"])
        self.readers["sysbox"] = Reader(
            self.bundle.arguments("run", f"bench-{os.getpid()}"))
        self.start_lxcfs(reader)

    def start_lxcfs(self, reader):
        if shutil.which("lxcfs") is None:
            return
        directory = self.work / "lxcfs"
        directory.mkdir()
        self.lxcfs = subprocess.Popen(
            ["lxcfs", "-f", "-l", "-p", str(self.work / "lxcfs.pid"),
             str(directory)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=private_world.die_with_parent)
        until((directory / "proc/uptime").exists, seconds=10)
        self.readers["lxcfs"] = Reader([reader], directory / "proc")

    def stop(self):
        for reader in self.readers.values():
            reader.stop()
        if self.bundle:
            self.bundle.remove_all()
        if self.lxcfs:
            self.lxcfs.terminate()
            self.lxcfs.wait(timeout=20)
        if self.daemon:
            self.daemon.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def run(self):
        results = {}
        for round_number in range(self.arguments.runs + 1):
            for line, command, unit in LINES:
                for who in random.sample(list(self.readers),
                                         len(self.readers)):
                    if who == "lxcfs" and "{proc}" not in command:
                        continue
                    reader = self.readers[who]
                    value = reader.do(command.format(
                        proc=reader.proc, count=200, ms=200))
                    if round_number > 0 and value >= 0:
                        results.setdefault((line, who), []).append(value)
        return {key: statistics.median(values)
                for key, values in results.items()}


def report(medians):
    names = ("native", "sysbox", "lxcfs")
    print(f"{'':12}" + "".join(f"{name:>12}" for name in names))
    for line, _, unit in LINES:
        cells = [f"{medians[line, who]:12.0f}" if (line, who) in medians
                 else f"{'-':>12}" for who in names]
        print(f"{line:12}{''.join(cells)} {unit}")
    print()
    for goal, line, other, must, stretch in GOALS:
        if (line, other) not in medians:
            print(f"{goal} {line} not measured")
            continue
        ratio = medians[line, "sysbox"] / medians[line, other]
        more = goal == "G14"
        met = ratio >= must if more else ratio <= must
        best = ratio >= stretch if more else ratio <= stretch
        verdict = "met, stretch too" if best else "met" if met else "missed"
        print(f"{goal} {line} {ratio:.2f} {'>=' if more else '<='} "
              f"{must} x {other} {verdict}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sysbox", required=True)
    parser.add_argument("--reader", required=True)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    assert os.geteuid() == 0, "needs root"
    private_world.enter()
    bench = Bench(arguments)
    try:
        bench.start()
        medians = bench.run()
    finally:
        bench.stop()
    report(medians)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(
            {f"{line} {who}": value for (line, who), value in
             medians.items()}, indent=1))


main()
