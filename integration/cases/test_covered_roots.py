"""Roots that are covered by others, as systemd-nspawn does it: a procfs that
lies on one counts for the user namespaces above, if it hides nothing."""

import shutil

import pytest

from harness import images

# A new root over the old one, which stays, as does what is mounted on it; and
# root of a user namespace above, whose ids somebody below has to give it.
COVERED = r"""
    mount --bind /inner/rootfs /inner/rootfs && cd /inner/rootfs &&
    /bin/mount --move . / || exit
    chroot . unshare -U -m sh -c '
      until [ "$(id -u)" = 0 ]; do :; done
      exec unshare -p -f sh -c "
        mount -t proc proc /proc && cat /proc/uptime >/dev/null &&
        grep -c \" /proc/uptime \" /proc/mounts"' &
    own=$(readlink /proc/self/ns/user)
    while [ "$(readlink /proc/$!/ns/user)" = "$own" ]; do :; done
    echo deny >/proc/$!/setgroups
    echo 0 0 1 >/proc/$!/gid_map
    echo 0 0 1 >/proc/$!/uid_map
    wait $!
"""
HIDE = "mount --bind /dev/null /proc/version && "


@pytest.fixture
def covered(hosted, name):
    """What a script says in a mount namespace of its own."""
    hosted.spec["process"]["noNewPrivileges"] = False

    def shell(script, **options):
        (hosted.inner.parent / "script").write_text(script)
        return hosted.shell("unshare -m --propagation private sh /script",
                            name, **options)

    return shell


def test_a_procfs_that_nothing_reaches_counts(covered):
    assert covered(COVERED).out == "1\n"


def test_what_was_hidden_there_stays_hidden(covered):
    result = covered(HIDE + COVERED, check=False)
    assert result.code != 0
    assert "mount: permission denied" in result.err, result


NSPAWN = """
    mkdir -p /run && mount -t tmpfs run /run &&
    echo 0123456789abcdef0123456789abcdef >/etc/machine-id &&
    systemd-nspawn --quiet --register=no --keep-unit --directory=/tree \\
      --private-users=identity {}
"""


def test_nspawn_with_a_user_namespace(hosted, name):
    if shutil.which("systemd-nspawn") is None:
        pytest.skip("systemd-nspawn (systemd-container) is missing")
    images.make_busybox_rootfs(hosted.inner.parent / "tree")
    said = hosted.shell(NSPAWN.format("grep -c /proc/uptime /proc/mounts"),
                        name).out
    assert said == "1\n"
