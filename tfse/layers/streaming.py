"""Streaming contract: one implementation per layer, offline and frame by frame."""

from __future__ import annotations

import contextvars
from collections.abc import Iterable, Mapping
from types import TracebackType

import keras
from keras import ops

from tfse.errors import ModelError
from tfse.layers.graph import all_layers, operations
from tfse.types import Tensor

State = dict[str, Tensor]

_active_scope: contextvars.ContextVar[StateScope | None] = contextvars.ContextVar(
    "tfse_state_scope", default=None
)


class StreamingLayer(keras.layers.Layer):
    """Base class of layers with a state over time.

    A subclass implements two methods:

        initial_state(batch_size) -> state        zeros, a dict by name
        advance(x, state) -> (y, next_state)      one or more frames

    Offline, `advance` runs from the initial state over the whole utterance; a stream makes
    the same call block by block and passes the state on. Causal padding is therefore the
    zero state, and there is no second implementation that could differ. The layer must be
    built before `initial_state`.

    Time is axis 1 of inputs and outputs. `tests/contracts.py` tests the contract on every
    subclass: any split into blocks returns the same output, the past does not depend on
    the future, and the delay is `latency_samples`.

    A layer with blocks too long for a stream sets `offline_only = True`: its model enhances
    recordings block by block, and refuses to stream.
    """

    offline_only = False

    @property
    def latency_samples(self) -> int:
        """Samples by which the output is later than the input."""
        return 0

    def initial_state(self, batch_size: int | Tensor) -> State:
        """Returns the state before the first frame: zeros, by name."""
        raise NotImplementedError

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the output for the frames of `x`, and the state after them."""
        raise NotImplementedError

    def call(self, x: Tensor) -> Tensor:
        """Advances from the state of the active scope, or from the initial state."""
        scope = active_scope()
        if scope is not None:
            return scope.advance(self, x)
        output, _ = self.advance(x, self.initial_state(ops.shape(x)[0]))
        return output


class StateScope:
    """Context from which streaming layers take their state.

    A layer's state has the prefix `layer.path`. A layer that is applied twice would need two
    states under one name, which is an error.

    Args:
        state: of every layer, from `initial_state` or `next_state` of an earlier scope.

    Example:
        >>> with StateScope(state) as scope:
        ...     output = model(block)
        >>> state = scope.next_state
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self._state = state
        self.next_state: State = {}
        self._advanced: set[str] = set()

    def __enter__(self) -> StateScope:
        self._token = _active_scope.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _active_scope.reset(self._token)

    @property
    def state(self) -> Mapping[str, Tensor]:
        """The state before this step, of every layer."""
        return self._state

    def keep(self, layers: Iterable[StreamingLayer], state: Mapping[str, Tensor]) -> None:
        """Keeps the next state of layers that `FullFrameModel` advanced in an inner scope."""
        for layer in layers:
            self._check_first_call(layer)
            for name in layer.initial_state(1):
                key = f"{layer.path}/{name}"
                self.next_state[key] = state[key]

    def advance(self, layer: StreamingLayer, x: Tensor) -> Tensor:
        """Advances one layer and keeps its next state."""
        self._check_first_call(layer)
        names = {f"{layer.path}/{name}": name for name in layer.initial_state(1)}
        missing = sorted(set(names) - set(self._state))
        if missing:
            raise ModelError(f"the state must contain that of every layer; missing {missing}.")
        state = {name: self._state[key] for key, name in names.items()}
        output, next_state = layer.advance(x, state)
        self.next_state.update({key: next_state[name] for key, name in names.items()})
        return output

    def _check_first_call(self, layer: StreamingLayer) -> None:
        if layer.path in self._advanced:
            raise ModelError(
                "a streaming layer must not be applied twice in a model, since it has one state; "
                f"received a second call of {layer.path!r}."
            )
        self._advanced.add(layer.path)


def active_scope() -> StateScope | None:
    """Returns the active scope of this thread or task, if any."""
    return _active_scope.get()


def streaming_layers(model: keras.Model) -> list[StreamingLayer]:
    """Returns all streaming layers of a model, including nested ones."""
    return [layer for layer in all_layers(model) if isinstance(layer, StreamingLayer)]


def initial_state(
    model: keras.Model, batch_size: int | Tensor = 1, *, offline: bool = False
) -> State:
    """Returns the state of a model before the first sample.

    Args:
        model: a functional model whose layers can stream.
        batch_size: number of parallel streams.
        offline: for recordings, see `require_streamable`.

    Returns:
        Zeros by name, `LAYER_PATH/PART`, each `[batch_size, ...]`.

    Raises:
        ModelError: a layer looks ahead or over all time, or two share a path.
    """
    require_streamable(model, offline=offline)
    state: State = {}
    for layer in streaming_layers(model):
        parts = {f"{layer.path}/{k}": v for k, v in layer.initial_state(batch_size).items()}
        if set(parts) & set(state):
            raise ModelError(
                f"streaming layers must have unique names; two have the name {layer.path!r}."
            )
        state.update(parts)
    return state


def stream_step(
    model: keras.Model, block: Tensor, state: Mapping[str, Tensor], *, offline: bool = False
) -> tuple[Tensor, State]:
    """Runs the next block of a stream through a model.

    Args:
        model: the same model that runs offline.
        block: the next input, `[batch, samples]`, a multiple of the hop.
        state: from `initial_state` or the previous step.
        offline: for recordings, see `require_streamable`.

    Returns:
        The output block, and the state for the next step.

    Raises:
        ModelError: the model cannot stream, or the state is of another model.
    """
    require_streamable(model, offline=offline)
    with StateScope(state) as scope:
        output = model(block, training=False)
    return output, scope.next_state


def latency_samples(model: keras.Model) -> int:
    """Returns the delay of a model's output, in samples."""
    return sum(layer.latency_samples for layer in streaming_layers(model))


def require_streamable(model: keras.Model, *, offline: bool = False) -> None:
    """Checks that no layer of a model looks ahead or over all time.

    Args:
        model: a functional model.
        offline: admits models that run block by block, but on recordings only.

    Raises:
        ModelError: a layer is in the way; the message names the first.
    """
    reason = "" if offline else offline_reason(model)
    if reason:
        raise ModelError(reason)
    for operation in operations(model):
        if not _is_framewise(operation):
            raise ModelError(
                "a model can stream only if no layer looks ahead or over all time; "
                f"received the layer {operation.name!r} ({type(operation).__name__})."
            )


def offline_reason(model: keras.Model) -> str:
    """Returns why a model is for recordings only; "" for a model without such a layer."""
    for layer in streaming_layers(model):
        if layer.offline_only:
            return (
                f"the model {model.name!r} is offline only: it enhances recordings and cannot "
                f"stream, because of the layer {layer.name!r} ({type(layer).__name__})."
            )
    return ""


# Keras layers that treat frames independently with any settings. Stateless layers of tfse
# declare it by the class attribute `is_framewise = True`.
_FRAMEWISE = (
    keras.layers.Activation,
    keras.layers.Add,
    keras.layers.BatchNormalization,
    keras.layers.Dense,
    keras.layers.Dropout,
    keras.layers.InputLayer,
    keras.layers.LeakyReLU,
    keras.layers.Multiply,
    keras.layers.ReLU,
    keras.layers.Rescaling,
    keras.layers.Subtract,
)


def _is_framewise(operation: keras.Operation) -> bool:
    if isinstance(operation, (*_FRAMEWISE, StreamingLayer)):
        return not isinstance(operation, keras.layers.BatchNormalization) or operation.axis != 1
    if isinstance(operation, keras.layers.PReLU):
        return 1 in (operation.shared_axes or ())
    if isinstance(operation, keras.layers.Concatenate):
        return operation.axis not in (0, 1)
    return getattr(operation, "is_framewise", False)
