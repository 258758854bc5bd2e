"""Whatever fails, or dies, at whichever system call: the user gets one line,
and nothing is left behind. SYSBOX_FAULTS=all tries every occurrence."""

import json
import subprocess

import pytest

from harness import faults, host_state
from harness.command import Result, run


def left_of(name):
    """What of a container is there, without waiting."""
    state = host_state.snapshot()
    return [path for path in state["states"] + state["cgroups"]
            if name in path]


class Subject:
    """One command of the runtime, made ready and checked again and again."""

    def __init__(self, bundle, disk, name):
        self.bundle, self.disk, self.name = bundle, disk, name
        self.number = 0
        bundle.save(args=["sleep", "1000"])

    def prepare(self):
        """The arguments of a run that would succeed."""

    def after(self, ended):
        """What is wrong after a fault, if anything; cleans up."""

    def fresh(self):
        self.number += 1
        self.id = f"{self.name}x{self.number}"
        return self.id

    def remove(self):
        """What containerd does about a container it cannot use."""
        done = self.bundle("delete", "--force", self.id, check=False)
        if done.code != 0 and "does not exist" not in done.err:
            return f"delete --force: {done.err}"
        left = left_of(self.id)
        return f"left behind: {left[0]}" if left else None

    def status(self):
        return self.bundle.state(self.id)["status"]


class Create(Subject):
    def prepare(self):
        self.bundle.spec["hooks"] = {"createRuntime": [{"path": "/bin/true"}]}
        self.bundle.save()
        return self.bundle.arguments("create", self.fresh())

    def after(self, ended):
        left = left_of(self.id)
        # What could not be undone is said, and `delete` does it.
        told = ended.lines_of_level("warning")
        wrong = None
        if ended.code == 1 and left and not told:
            wrong = f"left behind: {left[0]}"
        return self.remove() or wrong


class Start(Subject):
    def prepare(self):
        self.bundle.detached("create", self.fresh())
        return self.bundle.arguments("start", self.id)

    def after(self, ended):
        if ended.code == 0 and self.status() != "running":
            return "it does not run"
        return self.remove()


class Exec(Subject):
    def prepare(self):
        if self.number == 0:
            self.fresh()
            self.bundle.start(self.id)
        return self.bundle.arguments("exec", self.id, "true")

    def after(self, ended):
        return None if self.status() == "running" else "the container ended"


class Delete(Subject):
    def prepare(self):
        self.fresh()
        self.bundle.start(self.id)
        return self.bundle.arguments("delete", "--force", self.id)

    def after(self, ended):
        wrong = None
        if ended.code == 0 and left_of(self.id):
            wrong = f"left behind: {left_of(self.id)[0]}"
        return self.remove() or wrong


def told_once(ended, fault):
    """One line for the user, unless writing that line is what failed."""
    return ended.code in (1, 255) and (
        ended.errors == 1 or (fault.call == "write" and not ended.output))


COMMANDS = {"create": Create, "start": Start, "exec": Exec, "delete": Delete}


@pytest.fixture(params=sorted(COMMANDS))
def subject(request, bundle, disk, name, nothing_left):
    subject = COMMANDS[request.param](bundle, disk, name)
    yield subject
    if subject.number:
        subject.remove()


def test_any_system_call_may_fail(subject):
    calls = faults.calls_of(subject.disk, subject.prepare())
    subject.remove()
    subject.number = 0
    problems, tried = [], faults.failures(calls)
    for fault in tried:
        ended = faults.run(subject.disk, subject.prepare(), fault)
        # 0: it was tolerated, or there is another way.
        if ended.code != 0 and not told_once(ended, fault):
            problems.append(f"{fault}: exit status {ended.code}: "
                            f"{ended.output}")
        wrong = subject.after(ended)
        if wrong:
            problems.append(f"{fault}: exit status {ended.code}: {wrong}")
    assert len(tried) > 10
    assert not problems, "\n".join(problems)


def test_any_system_call_may_be_the_last(subject):
    """SIGKILL of the runtime, or of what it has started, before it."""
    calls = faults.calls_of(subject.disk, subject.prepare())
    subject.remove()
    subject.number = 0
    problems, tried = [], faults.deaths(calls)
    for fault in tried:
        ended = faults.run(subject.disk, subject.prepare(), fault)
        # 137: what died was the program that `exec` ran.
        if ended.code in (-1, 0, 137):
            wrong = subject.remove()
            subject.number = 0 if isinstance(subject, Exec) else subject.number
        else:
            # Init died: its parent is there to tell of it.
            wrong = (subject.after(ended) if ended.errors == 1 else
                     f"exit status {ended.code}: {ended.output}")
        if wrong:
            problems.append(f"{fault}: {wrong}")
    assert len(tried) > 10
    assert not problems, "\n".join(problems)


def live(bundle, id):
    """A container's whole life; what was said if it cannot have one."""
    try:
        return bundle("run", id, check=False, timeout=20)
    except subprocess.TimeoutExpired:
        return Result([], -1, "", "it hangs")
    finally:
        bundle("delete", "--force", id, check=False)


def test_any_system_call_of_the_daemon_may_fail(bundle, disk, name, daemon,
                                                binary, nothing_left):
    bundle.save(args=["true"])
    with faults.attached(disk, daemon.worker()) as seen:
        assert live(bundle, name).code == 0
    problems, tried = [], faults.failures(seen.calls, limit=3)
    for number, fault in enumerate(tried):
        with faults.attached(disk, daemon.worker(), fault):
            done = live(bundle, f"{name}x{number}")
        if done.code == -1 or (done.code != 0
                               and len(done.err.splitlines()) != 1):
            problems.append(f"{fault}: exit status {done.code}: {done.err}")
        if daemon.process.poll() is not None:
            problems.append(f"{fault}: the daemon ended: "
                            f"{daemon.read_log()[-300:]}")
            daemon.start()
            continue
        after = live(bundle, f"{name}y{number}")
        if after.code != 0:
            problems.append(f"{fault}: afterwards: {after.err}")
    assert len(tried) > 10
    assert not problems, "\n".join(problems)
    assert json.loads(run(binary, "ps", "--json").out) == []
