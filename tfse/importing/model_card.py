"""Model card of an imported model."""

from __future__ import annotations

from importlib import metadata

from tfse.importing.import_weights import Imported
from tfse.models import EnhancementModel
from tfse.models.cost import multiply_accumulates
from tfse.terminal import one_line


def model_card(imported: Imported, licence: str, parity: str) -> str:
    """Returns the card of an imported model, as Markdown.

    Args:
        imported: the model and where it is from.
        licence: of the weights, as the user states it.
        parity: what was measured, in sentences.
    """
    files = "\n".join(
        f"- `{one_line(name)}`: SHA-256 `{sha}`" for name, sha in imported.sha256.items()
    )
    return f"""# {imported.model.name}

Weights of {imported.importer.name}, published at {imported.importer.origin}, imported by tfse \
{metadata.version("tfse")}.

Licence of the weights, as stated at the import: {licence}

{files}

{facts_of(imported.model)}

{parity}
"""


def facts_of(model: EnhancementModel) -> str:
    """Returns size, cost, sample rate and latency of a model."""
    per_second = multiply_accumulates(model) * model.sample_rate / model.hop_length
    delays = {
        "output delay": model.latency_samples,
        "algorithmic latency": model.latency_samples + model.hop_length,
    }
    latency = ", ".join(
        f"{name} {samples} samples ({1000 * samples / model.sample_rate:g} ms)"
        for name, samples in delays.items()
    )
    return (
        f"{model.count_params():,} parameters, {per_second / 1e6:,.0f} M multiply-accumulates per "
        f"second of audio, {model.sample_rate:,} Hz, {latency}."
    )
