from __future__ import annotations

import pathlib

import numpy as np
import pytest
import soundfile

from tests.evaluation.small_sets import RATE, Gain, Pairs, clean, noisy, write
from tfse import metrics
from tfse.errors import AudioError
from tfse.evaluation.results import Row
from tfse.evaluation.run.scoring import Tools, enhanced, measure, sounds_of
from tfse.evaluation.sources.recordings import Missing, Origin, Recording, Sound
from tfse.streaming.streaming_enhancer import StreamingEnhancer

NO_TOOLS = Tools({})


def measured(
    reference: Origin, estimate: Origin, noisy: Origin | None = None, system: str = "est"
) -> Row:
    recording = Recording(0, "x.wav", reference, noisy, {"est": estimate})
    (row,) = measure(recording, [system], NO_TOOLS)
    return row


def sound(samples: np.ndarray, rate: int = RATE) -> Sound:
    return Sound(samples.astype(np.float32), rate)


def test_a_row_has_the_metrics_of_the_library() -> None:
    reference, mixture, estimate = clean(0), noisy(0), noisy(0, gain=0.005)
    row = measured(sound(reference), sound(estimate), sound(mixture))
    wanted = metrics.evaluate_pair(reference, estimate, RATE, mixture)
    assert row.values == {**wanted.values, "share_of_clipped": 0.0}
    assert (row.reasons, row.fault, row.failed) == ({}, "", False)
    assert (row.seconds, row.sample_rate) == (1.0, RATE)


def test_without_noisy_there_is_no_improvement() -> None:
    row = measured(sound(clean(0)), sound(noisy(0)))
    assert not {"si_sdr_improvement_db", "level_change_from_noisy_db"} & set(row.values)
    (own,) = measure(next(Pairs(1).recordings([0])), ["noisy"], NO_TOOLS)
    assert "si_sdr_improvement_db" not in own.values
    assert own.values["pesq_wb"] > 1


SILENCE = np.zeros(RATE)
NAN = np.where(np.arange(RATE) == 77, np.nan, 0.1)
FAULTS = [
    (SILENCE, clean(0), "the reference must not be silent; all 16000 samples are 0."),
    (clean(0), SILENCE, "the estimate must not be silent; all 16000 samples are 0."),
    (NAN, clean(0), "the reference must be finite; sample 77 is not."),
    (clean(0), NAN, "the estimate must be finite; sample 77 is not."),
    (
        clean(0),
        clean(0)[:-1],
        "reference and estimate must have the same length; received 16000 and 15999 samples.",
    ),
]


@pytest.mark.parametrize(("reference", "estimate", "fault"), FAULTS)
def test_a_fault_of_the_pair_is_a_row(
    reference: np.ndarray, estimate: np.ndarray, fault: str
) -> None:
    row = measured(sound(reference), sound(estimate))
    assert (row.fault, row.failed) == (fault, True)
    assert "pesq_wb" not in row.values
    assert all(np.isfinite(value) for value in row.values.values())


def test_rates_must_be_one() -> None:
    row = measured(sound(clean(0)), sound(clean(0, 2.0, 8000), 8000))
    assert row.fault == (
        "reference and estimate must have one sample rate; received 16000 and 8000 Hz."
    )


def test_a_tenth_of_a_second_has_the_metrics_that_apply() -> None:
    row = measured(sound(clean(0)[4000:5600]), sound(noisy(0)[4000:5600]))
    assert row.failed
    assert {"pesq_wb", "stoi", "covl"} <= set(row.reasons)
    assert {"si_sdr_db", "snr_db"} <= set(row.values)


def test_a_constant_is_a_fault() -> None:
    row = measured(sound(np.full(RATE, 0.1)), sound(np.full(RATE, 0.05)))
    assert row.fault == "the reference must not be constant; all 16000 samples are 0.1."
    assert row.failed and row.values == {}
    row = measured(sound(clean(0)), sound(np.full(RATE, -0.5)))
    assert row.fault == "the estimate must not be constant; all 16000 samples are -0.5."


def test_a_copy_is_not_a_fault() -> None:
    row = measured(sound(clean(0)), sound(clean(0)))
    assert set(row.reasons) == {"si_sdr_db", "snr_db"} == set(row.limits)
    assert not row.failed
    assert row.values["pesq_wb"] == pytest.approx(4.64, abs=0.01)


def test_limits_of_a_metric_are_not_faults() -> None:
    fast = measured(
        sound(clean(0, 1.0, 48_000), 48_000), sound(0.9 * clean(0, 1.0, 48_000), 48_000)
    )
    assert {"pesq_wb", "pesq_nb", "csig", "cbak", "covl"} <= set(fast.limits)
    assert not fast.failed
    long = measured(sound(clean(0, 41.0)), sound(noisy(0, 41.0)))
    assert {"pesq_wb", "pesq_nb", "csig", "cbak", "covl"} == set(long.reasons) == set(long.limits)
    assert "41" in long.reasons["pesq_wb"] and "stoi" in long.values


def test_missing_and_unreadable_files_are_rows(tmp_path: pathlib.Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFF, or so it says")
    assert measured(sound(clean(0)), Missing("no file of this name in est")).fault == (
        "the estimate: no file of this name in est"
    )
    row = measured(tmp_path / "broken.wav", sound(clean(0)))
    assert row.fault.startswith("the reference: not readable as audio")
    row = measured(sound(clean(0)), sound(clean(0)), tmp_path / "broken.wav", "noisy")
    assert row.fault.startswith("the noisy recording: not readable as audio")


def test_one_fault_costs_one_row(tmp_path: pathlib.Path) -> None:
    estimates: dict[str, Origin] = {"a": Missing("gone"), "b": sound(noisy(0, gain=0.01))}
    recording = Recording(0, "x", sound(clean(0)), sound(noisy(0)), estimates)
    rows = list(measure(recording, ["noisy", "a", "b"], NO_TOOLS))
    assert [row.fault for row in rows] == ["", "the estimate: gone", ""]
    assert rows[2].values["si_sdr_improvement_db"] > 5


def test_an_unexpected_error_is_a_row() -> None:
    class Broken(Gain):
        def __call__(self, block: np.ndarray, state: None) -> tuple[np.ndarray, None]:
            raise IndexError("out of\nthings")

    recording = next(Pairs(1).recordings([0]))
    (row,) = measure(recording, ["m"], Tools({"m": Broken(1.0)}))
    assert row.fault == "IndexError: out of things"
    assert sounds_of(recording, ["noisy"], Tools({})).keys() == {"clean", "noisy"}


def test_samples_at_full_scale_are_counted() -> None:
    estimate = clean(0).copy()
    estimate[:160] = 32767 / 32768
    assert measured(sound(clean(0)), sound(estimate)).values["share_of_clipped"] == 0.01


def test_a_model_is_fed_the_noisy_file_and_timed() -> None:
    recording = next(Pairs(1).recordings([0]))
    tools = Tools({"half": Gain(0.5)})
    (row,) = measure(recording, ["half"], tools)
    assert row.values["level_change_from_noisy_db"] == pytest.approx(-6.02, abs=0.01)
    assert 0 < row.values["real_time_factor"] < 1
    np.testing.assert_allclose(
        sounds_of(recording, ["half"], tools)["half"].samples, 0.5 * noisy(0), atol=1e-6
    )


def test_blocks_of_a_long_recording_leave_no_seam() -> None:
    samples = noisy(0, 25.0)
    whole = StreamingEnhancer(Gain(0.5))
    wanted = np.concatenate([whole.process(samples), whole.flush()])
    np.testing.assert_array_equal(enhanced(sound(samples), Gain(0.5)).samples, wanted)


def test_a_model_takes_other_rates(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "x.wav", clean(0, 1.0, 44_100), 44_100)
    samples, _ = soundfile.read(tmp_path / "x.wav", dtype="float32")
    found = enhanced(Sound(samples, 44_100), Gain(1.0))
    np.testing.assert_allclose(found.samples, samples, atol=1e-6)


def test_a_noisy_recording_that_is_not_finite_says_where() -> None:
    with pytest.raises(AudioError, match="at sample 77"):
        enhanced(sound(NAN), Gain(1.0))
