"""Batches of recordings: plan, processing, outcomes and report."""
