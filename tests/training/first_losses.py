"""Losses of the first steps of a tiny model, on one device or mirrored.

Run by test_stepper.py in its own processes: TensorFlow accepts the number of
virtual CPUs only before it has run anything.
"""

import json
import sys

import keras

from tests import instances
from tfse.losses import LossConfig, build_loss
from tfse.models import build
from tfse.training import TrainConfig, make_strategy
from tfse.training.optimizer import build_optimizer
from tfse.training.stepper import Stepper

BATCH, SAMPLES = 8, 1600


def first_losses(num_virtual_cpus: int, steps: int) -> list[float]:
    """Returns the loss of each step, over the global batch."""
    strategy = make_strategy("mirrored" if num_virtual_cpus > 1 else "one_device", num_virtual_cpus)
    import tensorflow as tf

    config = TrainConfig(clip_norm=1.0, optimizer="muon")
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = build(instances.tiny_fastenhancer())
        optimizer = build_optimizer(config, model)
    loss = build_loss(LossConfig(negative_snr=1.0, log_spectral_mse=1.0), model)
    stepper = Stepper(model, loss, optimizer, strategy, config)
    dataset = tf.data.Dataset.range(steps).map(_mixture, deterministic=True).unbatch().batch(BATCH)
    batches = iter(strategy.experimental_distribute_dataset(dataset))
    return [
        float(stepper.train(next(batches), tf.constant(float(BATCH))).loss) for _ in range(steps)
    ]


def _mixture(step):
    import tensorflow as tf

    seed = tf.stack([step, 1])
    waves = 0.1 * tf.random.stateless_normal([2, BATCH, SAMPLES], seed)
    clean, noise = waves[0], waves[1]
    return {
        "noisy": clean + noise,
        "clean": clean,
        "noise": noise,
        "length": tf.fill([BATCH], SAMPLES),
    }


if __name__ == "__main__":
    print(json.dumps(first_losses(int(sys.argv[1]), int(sys.argv[2]))))
