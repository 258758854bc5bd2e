"""Root inside against those who answer its trapped calls: what it gets by
them is its own, and nobody else notices."""

import pytest


@pytest.mark.parametrize("where", ["/proc/1/ns/pid", "/proc/self/ns/pid",
                                   "/proc/thread-self/ns/pid"])
def test_a_new_procfs_shows_the_containers_processes(hosted, name, where):
    """Whatever pid namespace its options name (Linux 6.18)."""
    said = hosted.shell(f"""
        mkdir /tmp/p; mount -t proc -o pidns={where} p /tmp/p 2>/dev/null
        test ! -e /tmp/p/1 || cmp /tmp/p/1/cmdline /proc/1/cmdline &&
        echo "its own" """, name, check=False).out
    assert said == "its own\n"
