#!/usr/bin/python3
"""Small arrays as NumPy and Python write them, for the readers of vit_data import.

    arrays.py           writes the files that are missing or hold other values, into arrays/ beside this script
    arrays.py --check   writes nothing; exit code 1 if any is missing or holds other values

<type>.npy: element k, in C order, is (k + 1) * 0x9e3779b97f4a7c15 cut to the type; of floats, 0.375 k - 1; of bool, whether
k is divisible by 3. Further ones are refused: in Fortran order, of objects, of structures, of text.

cifar_*.pickle: a dict as CIFAR's 'python version' has it: data [3, 48], fine_labels, coarse_labels, filenames,
batch_label. cifar_python2 is made opcode by opcode as Python 2 writes it, the others are Python 3's, of protocols 2 to 5.
labels.pickle: the same labels as arrays of several types, and as a list of NumPy's numbers.

Bytes depend on the versions of Python and NumPy, values do not.
"""
import io
import pathlib
import pickle
import struct
import sys

import numpy as np

FOLDER = pathlib.Path(__file__).parent / 'arrays'
FINE, COARSE = [5, 99, 0], [1, 19, 0]
NAMES = ['a_s_000001.png', 'b_s_000002.png', 'c_s_000003.png']
BATCH = 'training batch 1 of 1'


def elements(dtype, *shape):
    k = np.arange(int(np.prod(shape)), dtype=np.uint64)
    kind = np.dtype(dtype).kind
    if kind == 'f':
        values = 0.375 * k.astype(np.float64) - 1
    elif kind == 'b':
        values = k % 3 == 0
    else:
        values = (k + np.uint64(1)) * np.uint64(0x9e3779b97f4a7c15)
    return values.astype(dtype).reshape(shape)


# ---- npy ----

# Name -> format version, array.
NPY = {
    'u1': ((1, 0), elements('u1', 3, 4, 5)),
    'i1': ((2, 0), elements('i1', 7)),
    'u2_big': ((1, 0), elements('>u2', 5, 1)),
    'i2': ((3, 0), elements('<i2', 5)),
    'u4': ((1, 0), elements('<u4', 2, 3)),
    'i4_big': ((2, 0), elements('>i4', 6)),
    'u8': ((1, 0), elements('<u8', 4)),
    'i8': ((1, 0), elements('<i8', 3, 1)),
    'f4_big': ((1, 0), elements('>f4', 2, 2)),
    'f8': ((3, 0), elements('<f8', 2, 3)),
    'bool': ((1, 0), elements('?', 4)),
    'one': ((1, 0), elements('<i4')),
    'none': ((1, 0), elements('u1', 0, 3)),
    'eight_axes': ((1, 0), elements('u1', 1, 2, 1, 2, 1, 2, 1, 2)),
    'fortran': ((1, 0), np.asfortranarray(elements('u1', 2, 3))),
    'objects': ((1, 0), np.array([None, 1], dtype=object)),
    'structures': ((1, 0), np.zeros(2, dtype=[('image', 'u1'), ('label', '<i4')])),
    'text': ((1, 0), np.array(['a', 'bc'])),
}


def npy_bytes(version, array):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version)
    return stream.getvalue()


# ---- pickles ----

def cifar(text):
    """The dict with its texts made by `text`, which makes str or bytes of str."""
    return {text('data'): elements('u1', 3, 48), text('fine_labels'): FINE, text('coarse_labels'): COARSE,
            text('filenames'): [text(name) for name in NAMES], text('batch_label'): text(BATCH)}


def python2_stream():
    """As Python 2.7's cPickle and an old NumPy write it with protocol 2: str is SHORT_BINSTRING or BINSTRING, the memo
    counts from 1, a dtype's flags are integers."""
    stream, memo = [b'\x80\x02'], iter(range(1, 1000))

    def put():
        number = next(memo)
        stream.append(b'q' + bytes([number]) if number < 256 else b'r' + struct.pack('<I', number))

    def text(value, memoize=True):
        value = value.encode('latin1')
        stream.append((b'U' + bytes([len(value)]) if len(value) < 256 else b'T' + struct.pack('<i', len(value))) + value)
        if memoize:
            put()

    def name(line):
        stream.append(b'c' + line.replace(' ', '\n').encode() + b'\n')
        put()

    def number(value):
        stream.append(b'K' + bytes([value]) if value < 256 else b'M' + struct.pack('<H', value))

    def several(items, write):
        stream.append(b']')
        put()
        stream.append(b'(')
        for item in items:
            write(item)
        stream.append(b'e')

    def array(values):
        name('numpy.core.multiarray _reconstruct')
        name('numpy ndarray')
        stream.append(b'K\x00\x85')
        put()
        text('b', False)
        stream.append(b'\x87')
        put()
        stream.append(b'R')
        put()
        stream.append(b'(K\x01')
        for size in values.shape:
            number(size)
        stream.append(b'\x86')
        put()
        name('numpy dtype')
        text('u1', False)
        stream.append(b'K\x00K\x01\x87')
        put()
        stream.append(b'R')
        put()
        stream.append(b'(K\x03')
        text('|', False)
        stream.append(b'NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t')
        put()
        stream.append(b'b\x89T' + struct.pack('<i', values.size) + values.tobytes())
        put()
        stream.append(b't')
        put()
        stream.append(b'b')

    stream.append(b'}')
    put()
    stream.append(b'(')
    text('batch_label')
    text(BATCH)
    text('fine_labels')
    several(FINE, number)
    text('coarse_labels')
    several(COARSE, number)
    text('filenames')
    several(NAMES, text)
    text('data')
    array(elements('u1', 3, 48))
    stream.append(b'u.')
    return b''.join(stream)


def labels():
    return {'array': np.array(FINE), 'column_big': np.array(COARSE, '>i4').reshape(3, 1), 'bytes': np.array(FINE, 'u1'),
            'scalars': list(np.array(FINE)), 'mean': np.float32(0.25), 'yes': np.bool_(True)}


def as_bytes(text):
    return text.encode()


def pickles():
    """Name -> bytes, how pickle.loads takes them, value."""
    made = {f'cifar_protocol{protocol}': (pickle.dumps(cifar(text), protocol), {}, cifar(text))
            for protocol, text in ((2, as_bytes), (3, str), (4, as_bytes), (5, str))}
    made['cifar_python2'] = python2_stream(), {'encoding': 'bytes'}, cifar(as_bytes)
    made['labels'] = pickle.dumps(labels(), 4), {}, labels()
    return made


# ---- files ----

def same(one, other):
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray):
        # A pickled array comes back in the machine's order of bytes.
        return isinstance(other, np.ndarray) and one.dtype.name == other.dtype.name and np.array_equal(one, other)
    return type(one) is type(other) and one == other


def files():
    """File name -> bytes, whether what a file holds is as it shall be."""
    all_files = {}
    for name, (version, array) in NPY.items():
        def good(content, version=version, array=array):
            read = np.load(io.BytesIO(content), allow_pickle=True)
            return (tuple(content[6:8]) == version and read.dtype == array.dtype and same(read, array) and
                    read.flags.fortran == array.flags.fortran)
        all_files[name + '.npy'] = npy_bytes(version, array), good
    for name, (content, options, value) in pickles().items():
        def good(content, options=options, value=value):
            return same(pickle.loads(content, **options), value)
        all_files[name + '.pickle'] = content, good
    return all_files


def main():
    if sys.argv[1:] not in ([], ['--check']):
        sys.exit(__doc__)
    FOLDER.mkdir(exist_ok=True)
    failed = False
    for name, (content, good) in files().items():
        path = FOLDER / name
        assert good(content), name
        unchanged = path.exists() and good(path.read_bytes())
        print(f'{name}:', 'unchanged' if unchanged else 'missing or with other values')
        if sys.argv[1:]:
            failed |= not unchanged
        elif not unchanged:
            path.write_bytes(content)
    sys.exit(failed)


if __name__ == '__main__':
    main()
