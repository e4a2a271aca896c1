"""Settings of all tests: default handling of SIGINT and SIGHUP."""

import signal


def pytest_configure() -> None:
    """Restores the default handling of SIGINT and SIGHUP, for the programs that tests start.

    A shell ignores SIGINT in background jobs and nohup ignores SIGHUP; subprocesses inherit
    it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
