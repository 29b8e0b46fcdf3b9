"""Rate limits on the wire: exact, per key and tier, with a truthful Retry-After."""

from concurrent.futures import ThreadPoolExecutor

from tests.api.harness import MAIL, Api


def test_32_threads_sending_1000_requests_get_exactly_100_through(api: Api) -> None:
    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(lambda _: api.call("POST", "/send", MAIL).status, range(1000)))

    # [limits.send]
    assert statuses.count(200) == 100
    assert statuses.count(429) == 900
    assert api.call("GET", "/messages").json["pagination"]["total"] == 100


def test_retry_after_is_exact_to_the_second(api: Api) -> None:
    for _ in range(50):
        api.send()
    api.pass_time(20.5)
    for _ in range(50):
        api.send()
    api.pass_time(1.25)

    wait_s = int(api.send().headers["Retry-After"])

    # [limits.retry.true] the first fifty leave the window 60 s after they came: in 38.25 s.
    assert wait_s == 39
    api.pass_time(wait_s - 1)
    assert api.send().status == 429
    api.pass_time(1)
    assert api.send().status == 200


def test_after_retry_after_on_a_still_clock_one_passes_and_one_second_earlier_none(api: Api) -> None:
    for _ in range(100):
        assert api.send().status == 200
    assert api.send().headers["Retry-After"] == "60"

    api.pass_time(59)
    assert api.send().headers["Retry-After"] == "1"
    api.pass_time(1)
    assert api.send().status == 200


def test_tiers_and_keys_do_not_touch_each_other(api: Api) -> None:
    other = api.add_key()
    for _ in range(101):
        last = api.send()

    assert last.status == 429
    assert api.call("GET", "/messages").status == 200  # [limits.read]
    assert api.call("GET", "/api-keys").status == 200  # [limits.keys]
    assert api.call("POST", "/send", MAIL, key=other).status == 200  # [limits.scope]


def test_no_window_of_a_minute_holds_more_than_the_limit_around_its_edges(api: Api) -> None:
    api.pass_time(59.9)
    first = [api.send().status for _ in range(100)]
    api.pass_time(0.2)
    second = [api.send().status for _ in range(100)]

    assert first == [200] * 100
    assert second == [429] * 100


def test_refused_bodies_count_and_401_and_429_do_not(api: Api) -> None:
    for _ in range(50):
        assert api.call("POST", "/send", b"{").status == 400
        assert api.call("POST", "/send", MAIL, key="je_live_" + "0" * 38).status == 401
    for _ in range(50):
        assert api.send().status == 200

    assert api.send().status == 429  # CHOICE-15
    assert api.send().headers["Retry-After"] == "60"


def test_reads_are_limited_to_300_and_key_calls_to_10(api: Api) -> None:
    reads = [api.call("GET", "/messages").status for _ in range(301)]
    keys = [api.call("DELETE", "/api-keys/key_x").status for _ in range(11)]

    assert reads == [200] * 300 + [429]
    assert keys == [404] * 10 + [429]
