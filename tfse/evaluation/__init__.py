"""Evaluation: many recordings, every metric, and a report that says what has no number."""
