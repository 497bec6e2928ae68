"""Values of network rules: what is a host and a port holds for every text."""

import string

from hypothesis import example, given, settings
from hypothesis import strategies as st

from spcs_emulator.faults import SqlError
from spcs_emulator.objects.network_rule import ANY_HOST, ANY_HOST_PORTS, DEFAULT_PORT, host_and_port

EDGE = string.ascii_letters + string.digits
LABELS = st.builds(
    lambda first, middle, last: first + middle + last,
    st.sampled_from(string.ascii_letters),
    st.text(EDGE + "-", max_size=20),
    st.sampled_from(EDGE),
)
HOSTS = st.lists(LABELS, min_size=1, max_size=5).map(".".join)


@given(host=HOSTS, port=st.integers(0, 65535))
def test_host_and_port_come_back(host: str, port: int) -> None:
    assert host_and_port(host) == (host, DEFAULT_PORT)
    assert host_and_port(f"{host}:{port}") == (host, port)
    assert host_and_port(f"*.{host}:{port}") == (f"*.{host}", port)


@settings(max_examples=500, deadline=None)
@given(text=st.text(EDGE[:3] + "019.:*-_/ \n", max_size=30))
@example("0.0.0.0:443")
@example("a" * 300)
@example("-" * 200 + "*")
def test_any_text_is_a_host_with_a_port_or_refused(text: str) -> None:
    try:
        host, port = host_and_port(text)
    except SqlError as error:
        assert error.errno == 1008
    else:
        assert 0 <= port <= 65535
        assert host == ANY_HOST or not set(host) - set(EDGE + ".-*")
        assert host != ANY_HOST or port in ANY_HOST_PORTS
        assert host.count("*") <= 1
        assert "*" not in host or "*" in host.split(".")[0]
        assert text in (host, f"{host}:{port}") or text.startswith(f"{host}:")
