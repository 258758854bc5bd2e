"""Running a command and keeping what it said."""

import dataclasses
import subprocess


@dataclasses.dataclass
class Result:
    args: list
    code: int
    out: str
    err: str

    def __str__(self):
        return (f"{' '.join(map(str, self.args))}\nexit status {self.code}\n"
                f"--- stdout\n{self.out}--- stderr\n{self.err}")


def run(*args, check=True, timeout=120, **options):
    """Runs `args`; with `check`, a failure fails the test and shows all."""
    done = subprocess.run(list(map(str, args)), capture_output=True, text=True,
                          timeout=timeout, **options)
    result = Result(list(args), done.returncode, done.stdout, done.stderr)
    if check:
        assert done.returncode == 0, str(result)
    return result
