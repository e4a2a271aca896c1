"""Isolated calls: results, and every way not to return one."""

import os
import sys
import time

import numpy as np
import pytest

from tfse.isolated_call import CallFailed, isolated_call


def added(first, second):
    print("noise on standard output")
    return first + second


def endless():
    time.sleep(1000)


def aborts():
    os.abort()


def exits():
    sys.exit(5)


def raises():
    raise RuntimeError("first line\nsecond line \x1b[31m" + 1000 * "x")


def lacks_a_package():
    import no_such_package  # noqa: F401


def reads_another_kind():
    raise ImportError("a checkpoint runs in its authors' program only.")


def fills_the_memory():
    return np.ones(1 << 40, np.uint8)


def returns_an_object():
    return object()


def test_result_is_that_of_the_function():
    result = isolated_call(added, np.arange(3.0), 1, timeout_s=100)
    np.testing.assert_array_equal(result, [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (aborts, "^was ended by SIGABRT$"),
        (exits, "^was ended with code 5$"),
        (raises, r"^failed: RuntimeError: first line second line \x1b\[31mx+ \[\.\.\.\]$"),
        (lacks_a_package, "^is not installed: pip install no-such-package$"),
        (reads_another_kind, "^failed: a checkpoint runs in its authors' program only$"),
        (fills_the_memory, "^failed: .*MemoryError"),
        (returns_an_object, "^failed: ValueError"),
    ],
)
def test_what_happened_is_one_line(function, message):
    with pytest.raises(CallFailed, match=message):
        isolated_call(function, timeout_s=100)


def test_a_call_that_does_not_end_is_ended():
    with pytest.raises(CallFailed, match=r"^did not end within 0\.5 s$"):
        isolated_call(endless, timeout_s=0.5)
