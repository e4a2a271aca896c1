"""What holds for all tests."""

import signal


def pytest_configure() -> None:
    """Lets Ctrl-C reach the programs that tests start.

    A shell starts what runs in the background with SIGINT ignored, and every process
    that is started from there inherits it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
