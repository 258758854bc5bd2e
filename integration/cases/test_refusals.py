"""What a system container cannot be: one clear line each, nothing left."""

import pytest


@pytest.mark.parametrize("options, text", [
    (["--privileged"], "privileged"),
    (["--pid=host"], "pid namespace"),
    (["--ipc=host"], "ipc namespace"),
    (["--uts=host"], "uts namespace"),
    (["--net=host"], "network namespace"),
    (["-e", "SYSBOX_NOPE=1"], "SYSBOX_NOPE"),
    (["-e", "SYSBOX_HONOR_CAPS=yes"], "SYSBOX_HONOR_CAPS"),
])
def test_refused(docker, host_unchanged, options, text):
    result = docker.run("true", options=options, check=False)
    assert result.code == 125 or result.code == 126, result
    assert text in result.err, result


def test_no_daemon_is_one_clear_line(docker, daemon):
    daemon.stop()
    try:
        result = docker.run("true", check=False)
        assert result.code != 0
        assert "sysbox daemon is not running" in result.err, result
        assert "sysbox daemon" in result.err
    finally:
        daemon.start()
