"""Prepared speech, noise and room impulse responses, and the mixtures made of them.

``prepare`` turns folders of recordings into TFRecord shards beside one
``index.json``; ``pipeline`` mixes those shards into training examples on the fly.
"""
