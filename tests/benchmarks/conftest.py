from tests.data.conftest import corpus, prepared

__all__ = ["corpus", "prepared"]
