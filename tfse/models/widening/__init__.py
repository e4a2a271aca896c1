"""Widening: weights of a narrow model for a wider one of the same function."""

from tfse.models.widening.widen import widen

__all__ = ["widen"]
