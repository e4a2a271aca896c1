"""The tiny prepared corpus, for tests of training."""

from tests.data.conftest import corpus, prepared

__all__ = ["corpus", "prepared"]
