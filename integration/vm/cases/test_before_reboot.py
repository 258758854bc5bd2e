"""The first half of a reboot; test_after_reboot.py is the other."""


def test_containers_that_are_to_come_back(dockerd):
    dockerd("run", "-d", "--runtime=sysbox-runc", "--restart=always",
            "--network=none", "--name=comes-back", "busybox", "sleep", "100000")
    dockerd("run", "-d", "--runtime=sysbox-runc", "--network=none",
            "--name=stays-away", "busybox", "sleep", "100000")
