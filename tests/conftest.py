"""What holds for all tests."""

import signal


def pytest_configure() -> None:
    """Lets Ctrl-C and SIGHUP reach the programs that tests start.

    A shell starts what runs in the background with SIGINT ignored, nohup with SIGHUP, and
    every process that is started from there inherits it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
