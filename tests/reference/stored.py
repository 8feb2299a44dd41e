"""Reference values as HDF5 files."""
import h5py
import numpy as np


def stored_attribute(value):
    """An attribute as h5py is to store it; text gets room for C's terminating zero."""
    if isinstance(value, str):
        return value.encode(), h5py.string_dtype('utf-8', len(value) + 1)
    if isinstance(value, (int, np.integer)):
        return value, np.uint64
    return value, np.float64


def write(path, attributes, datasets):
    with h5py.File(path, 'w', libver='v110') as file:
        for name, values in datasets.items():
            large = values.size > 256  # a small one would only grow by the index of its chunks
            file.create_dataset(name, data=values, shuffle=large,
                                compression='gzip' if large else None,
                                compression_opts=9 if large else None)
        for name, entries in attributes.items():
            for key, value in entries.items():
                data, dtype = stored_attribute(value)
                file[name].attrs.create(key, data, dtype=dtype)
