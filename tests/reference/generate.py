#!/usr/bin/python3
"""Reference values for the tests, from PyTorch in double precision.

    generate.py           writes the files whose content is missing or different, beside this script
    generate.py --check   writes nothing; says what is different, exit code 1 if anything is

Needs Debian's python3-torch, python3-h5py, python3-scipy and python3-pil. Nothing here shares code with the
trainer. Inputs (weights, pixels, gradients given to the optimizer) are exactly representable in
fp32, so both sides start from the same numbers. Types: /model and /mask fp32, bytes uint8, labels
uint16, sample numbers uint64, all other datasets double; attributes uint64, double, or UTF-8
text of fixed length.

model_<name>.h5: one batch through a tiny model, forward and backward (model.py)
    root attributes     image_size, patch_size, dim, depth, heads, key_dim, mlp, head (lists as
                        "48,24"), pool, classes, batch, dropout, head_dropout, norm_epsilon, those
                        of model.OPTIONS that are not the default, and `job`: the same as the text
                        of a job file; with dropout also seed and step
    /input/images       [B, S, S, 3] normalized pixels (row, column, channel)
    /input/labels       [B]
    /model/...          weights, named and shaped as in a checkpoint
    /gradient/...       gradients of the mean loss, alike (in model.SMALL_FILES rounded to fp32).
                        Those of the key biases, and of sequence pooling's, are exactly 0, which
                        fp32 only comes near
    /logits             [B, classes]
    /loss               [1]
    With soft targets:
    /input/others       [B] the label that an image is mixed with
    /input/share        [B] of its own label in its target
    With dropout:
    /input/samples      [B] sample numbers, from which the masks follow
    /mask/...           factors 0 or 1/(1-p): block<i>/attention [B, H, T query, T key],
                        block<i>/mlp<j> [B, T, width], features [B, features], head<j> [B, width],
                        block<i>/branch0 (attention), branch1 (MLP) [B, 1, 1]

adamw_tfa.h5, adamw_torch.h5: ten steps of AdamW with each decay rule (adamw.py)
    root attributes     decay_rule, learning_rate, weight_decay, beta1, beta2, epsilon, steps
    /gradient           [steps, n]: row t - 1 is used by step t = 1, 2, ...
    /weights /m /v      [steps + 1, n]: row t holds the state after step t, row 0 the initial one

augment.h5: from bytes to what the model sees (augment.py); rounded to fp32
    root attributes     channel_mean [3], channel_variance [3], images, cases
    /images             uint8 [N, 32, 32, 3]
    /normalized         [N, 32, 32, 3]
    /resized/<size>     [N, size, size, 3], size = 72, 36, 45, 20
    /geometry/case<i>   attributes image, size, flip (0 or 1), angle (radians), zoom_height,
                        zoom_width, and matrix [6]: output pixel (x, y) shows the resized image at
                        (m0 x + m1 y + m2, m3 x + m4 y + m5); dataset output [size, size, 3]

augment_ops.h5: RandAugment's operations on bytes (augment_ops.py)
    root attributes     images, cases
    /images/<i>         uint8 [height, width, channels], of these attributes, and fill [channels]
    /operations/case<i> uint8, alike: the result; attributes image, operation (RandOperation),
                        strength

rollout.h5: where the models of model_<name>.h5 look (rollout.py), without those with dropout
    /<name>/rollout     [grid^2] attention rollout on the first image
    /<name>/distance    [depth, heads] mean attention distance there, in pixels

pictures.h5: encoded pictures, and resized ones (pictures.py)
    root attributes     files, resized
    /file/<i>           uint8 [bytes] a JPEG or PNG file; attributes name (what is special), stored_height,
                        stored_width: before it is turned
    /colour/<i>         uint8 [height, width, 3] what Pillow makes of it: turned, convert('RGB')
    /grey/<i>           uint8 [height, width, 1] turned, convert('L')
    /from/<i>           uint8 [height, width, channels]
    /to/<i>             uint8, alike: resized by Pillow, bilinear

pictures_webp.h5: the same of WebP, without resized ones

libraries.h5: models by the names of other libraries (libraries.py), a group each
    group attributes    job: the same model as the text of a job file; classes, batch
    file                uint8 [bytes] a safetensors file with the library's names
    images              fp32 [B, channels, S, S] normalized planes
    logits              [B, classes]

positions.h5: learned positions for other grids (positions.py)
    root attributes     cases
    /from/<i> /to/<i>   [side, side, D] before and after
"""
import pathlib
import sys

import h5py
import numpy as np

import adamw
import augment
import augment_ops
import libraries
import model
import pictures
import positions
import rollout
from stored import write


def all_files():
    """File name -> (attributes by object, datasets by path)."""
    model.check_philox()
    files = {f'model_{name}.h5': model.model_case(size, seed, name in model.SMALL_FILES)
             for seed, (name, size) in enumerate(model.MODELS.items(), 1)}
    files.update({f'adamw_{rule}.h5': adamw.adamw_case(rule) for rule in adamw.RULES})
    files['augment.h5'] = augment.augment_cases()
    files['augment_ops.h5'] = augment_ops.ops_cases()
    files['rollout.h5'] = rollout.rollout_cases()
    files['pictures.h5'] = pictures.picture_cases()
    files['pictures_webp.h5'] = pictures.webp_cases()
    files['libraries.h5'] = libraries.library_cases()
    files['positions.h5'] = positions.position_cases()
    return files


def same_attribute(old, new):
    if isinstance(new, str):
        return old == new or old == new.encode()
    return np.shape(old) == np.shape(new) and np.allclose(old, new, rtol=1e-12, atol=1e-12)


def differences(path, attributes, datasets):
    """What a file and its regenerated content differ in, other processors' rounding aside."""
    if not path.exists():
        return ['no such file']
    found = []
    with h5py.File(path, 'r') as file:
        objects = []
        file.visit(objects.append)
        stored = {'/' + name for name in objects if isinstance(file[name], h5py.Dataset)}
        found += [f'{name} is only on one side' for name in stored ^ set(datasets)]
        for name in stored & set(datasets):
            new, old = datasets[name], file[name][()]
            coarse = np.array_equal(new, new.astype(np.float32))
            rounding = 0 if new.dtype.kind == 'u' else 2e-7 if coarse else 1e-10
            if old.shape != new.shape or old.dtype != new.dtype:
                found.append(f'{name} is {old.dtype}{old.shape}, not {new.dtype}{new.shape}')
            elif not np.allclose(old, new, rtol=0, atol=rounding * float(np.abs(new).max())):
                found.append(f'{name} has other values')
        for name, new in attributes.items():
            old = file[name].attrs if name in file else {}
            found += [f'{name} attribute {key}' for key in set(old) | set(new)
                      if key not in old or key not in new or not same_attribute(old[key], new[key])]
    return found


def main():
    if sys.argv[1:] not in ([], ['--check']):
        sys.exit(__doc__)
    folder, failed = pathlib.Path(__file__).parent, False
    for name, (attributes, datasets) in all_files().items():
        found = differences(folder / name, attributes, datasets)
        print(f'{name}:', '; '.join(sorted(found)) or 'unchanged')
        if sys.argv[1:]:
            failed |= bool(found)
        elif found:
            write(folder / name, attributes, datasets)
    sys.exit(failed)


if __name__ == '__main__':
    main()
