"""Containers that are whole systems: systemd as process 1."""

from harness.waiting import until


def booted(docker, container):
    state = docker("exec", container, "systemctl", "is-system-running",
                   check=False).out.strip()
    return state in ("running", "degraded")


def await_boot(docker, container):
    until(lambda: booted(docker, container), seconds=120, interval=0.2)
    return container


def boot(docker, image, *options, command=("/sbin/init",)):
    """Starts one and returns its id once it is up."""
    container = docker.start_container(*command, image=image, options=options)
    return await_boot(docker, container)


def health(docker, container):
    """What `systemctl is-system-running` says, and which units failed."""
    state = docker.shell(container, "systemctl is-system-running", check=False)
    failed = docker.shell(container, "systemctl --failed --no-legend --plain")
    return state.strip(), failed


class InnerImage:
    """The outer dockerd's busybox as a file that inner engines load."""

    PLACE = "/inner.tar"

    def __init__(self, docker, directory):
        self.file = directory / "inner.tar"
        docker("save", "-o", self.file, "busybox")
        self.file.chmod(0o644)

    def options(self):
        """For `docker run`."""
        return ("-v", f"{self.file}:{self.PLACE}:ro")
