"""Where a training runs: one device, or mirrored over several."""

from __future__ import annotations

import tensorflow as tf

from tfse.errors import ConfigError

STRATEGIES = ("auto", "mirrored", "one_device")


def make_strategy(name: str = "auto", num_virtual_cpus: int = 0) -> tf.distribute.Strategy:
    """Returns the strategy of a name.

    Args:
        name: "one_device"; "mirrored", a replica on each GPU, or on each virtual
            CPU; "auto", mirrored where there are several devices.
        num_virtual_cpus: splits the CPU into so many devices, to try a mirrored
            training without GPUs; 0 leaves it whole. TensorFlow takes this
            before it has run anything only.

    Returns:
        The strategy.

    Raises:
        ConfigError: no such strategy, or TensorFlow has begun to run.
    """
    if name not in STRATEGIES:
        raise ConfigError(f"`strategy` must be one of {STRATEGIES}; received {name!r}.")
    if num_virtual_cpus:
        _split_cpu(num_virtual_cpus)
    devices = _devices()
    if name == "mirrored" or (name == "auto" and len(devices) > 1):
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.OneDeviceStrategy(devices[0])


def _split_cpu(count: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
        )
    except RuntimeError as error:
        raise ConfigError(
            "`num_virtual_cpus` must be set before TensorFlow runs anything; "
            f"received {count} after it had."
        ) from error


def _devices() -> list[str]:
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in devices]
