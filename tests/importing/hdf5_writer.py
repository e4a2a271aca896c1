"""Writer of weights as Keras 2 saves them."""

import io

import h5py


def keras_weights(arrays):
    """Returns the bytes of an `.h5` file, from arrays by layer and path inside it."""
    file = io.BytesIO()
    with h5py.File(file, "w") as root:
        layers = {}
        for name in arrays:
            layer, _, path = name.partition("/")
            layers.setdefault(layer, []).append(path)
        root.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer, paths in layers.items():
            root.create_group(layer).attrs["weight_names"] = [path.encode() for path in paths]
            for path in paths:
                root[layer][path] = arrays[f"{layer}/{path}"]
    return file.getvalue()
