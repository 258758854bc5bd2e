"""Nothing is left behind."""

import concurrent.futures


def test_many_one_after_another(bundle, name, host_unchanged):
    bundle.save(args=["true"])
    for i in range(200):
        bundle("run", f"{name}{i}")


def test_many_at_once(bundle, name, host_unchanged):
    bundle.save(args=["true"])
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda i: bundle("run", f"{name}{i}"), range(32)))
