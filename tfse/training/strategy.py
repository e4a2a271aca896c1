"""Distribution strategy: one device, several devices, or several machines."""

from __future__ import annotations

import json
import os

import tensorflow as tf

from tfse.errors import ConfigError

STRATEGIES = ("auto", "mirrored", "multi_worker", "one_device")


def make_strategy(name: str = "auto", num_virtual_cpus: int = 0) -> tf.distribute.Strategy:
    """Returns the strategy of a name.

    Args:
        name: "one_device"; "mirrored", a replica on each GPU, or on each virtual
            CPU; "multi_worker", the same on every machine of `TF_CONFIG`;
            "auto", what is available: several machines, several devices, or one.
        num_virtual_cpus: number of devices into which the CPU is split, to try a
            mirrored training without GPUs; 0 does not split it. TensorFlow accepts
            this only before it has run anything.

    Returns:
        The strategy.

    Raises:
        ConfigError: no such strategy, or TensorFlow has already run something.
    """
    if name not in STRATEGIES:
        raise ConfigError(f"`strategy` must be one of {STRATEGIES}; received {name!r}.")
    if num_virtual_cpus:
        _split_cpu(num_virtual_cpus)
    machines = _machines()
    if name == "multi_worker" or (name == "auto" and machines > 1):
        if not machines:
            raise ConfigError(
                "`strategy` multi_worker must have a cluster in TF_CONFIG; received none."
            )
        return _multi_worker()
    devices = _devices()
    if name == "mirrored" or (name == "auto" and len(devices) > 1):
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.OneDeviceStrategy(devices[0])


def is_multi_worker(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether other processes take part."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether this process is the one that writes."""
    if not is_multi_worker(strategy):
        return True
    resolver = strategy.cluster_resolver
    has_chief = "chief" in resolver.cluster_spec().jobs
    return resolver.task_id == 0 and (resolver.task_type == "chief" or not has_chief)


def _machines() -> int:
    """Returns the number of machines in `TF_CONFIG`, 0 without one."""
    try:
        cluster = json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})
        return sum(len(cluster.get(job, [])) for job in ("chief", "worker"))
    except (ValueError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"TF_CONFIG must be JSON with a cluster; received {os.environ['TF_CONFIG']!r}."
        ) from error


def _multi_worker() -> tf.distribute.Strategy:
    # NCCL on GPUs, TensorFlow's ring all-reduce on CPUs.
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"TF_CONFIG must describe this machine's cluster; {error}") from error


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
