"""Every container has id ranges of its own."""


def range_of(docker, container):
    text = docker("exec", container, "cat", "/proc/self/uid_map").out
    inside, outside, size = map(int, text.split())
    return outside, size


def test_two_containers_never_overlap(docker):
    ranges = [range_of(docker, docker.start_container()) for _ in range(4)]
    firsts = sorted(first for first, _ in ranges)
    assert all(b - a >= 65536 for a, b in zip(firsts, firsts[1:])), ranges


def test_a_shared_network_namespace_shares_the_range(docker):
    first = docker.start_container()
    second = docker.start_container(options=["--net", f"container:{first}"])
    assert range_of(docker, first) == range_of(docker, second)
    user = [docker("exec", c, "readlink", "/proc/self/ns/user").out
            for c in (first, second)]
    assert user[0] == user[1]
