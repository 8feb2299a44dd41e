#!/usr/bin/python3
"""Reference values for the tests, from PyTorch in double precision.

    generate.py           writes all files anew, beside this script
    generate.py --check   regenerates in memory and compares with the files; exit code 1 on a difference

Needs Debian's python3-torch, python3-h5py and python3-scipy. Nothing here shares code with the
trainer. Inputs (weights, pixels, gradients given to the optimizer) are exactly representable in fp32,
so both sides start from the same numbers. Text attributes are fixed-length UTF-8, counts uint64.

model_<name>.h5: one batch through a tiny model, forward and backward
    root attributes     image_size, patch_size, dim, depth, heads, key_dim, mlp, head (lists as "48,24"),
                        pool, classes, batch, dropout, head_dropout, norm_epsilon, and `job`: the same as
                        the text of a job file; with dropout also seed and step
    /input/images       [B, S, S, 3] normalized pixels (row, column, channel);  /input/labels [B]
    /model/...          weights, named and shaped as in a checkpoint
    /gradient/...       gradients of the mean loss, alike (fp32 in model_wide.h5, for its size). Those of
                        the key biases are exactly 0, which a computation in fp32 only comes near
    /logits [B, classes]   /loss [1]
    With dropout:       /input/samples [B], the sample numbers that the masks follow from, and the masks
                        (0 or 1/(1-p)): /mask/block<i>/attention [B, H, T query, T key], /mask/block<i>/mlp<j>
                        [B, T, width], /mask/features [B, features], /mask/head<j> [B, width]

adamw_tfa.h5, adamw_torch.h5: ten steps of AdamW with each decay rule
    root attributes     decay_rule, learning_rate, weight_decay, beta1, beta2, epsilon, steps
    /gradient           [steps, n]: row t - 1 is used by step t = 1, 2, ...
    /weights /m /v      [steps + 1, n]: row t holds the state after step t, row 0 the initial one

augment.h5: from bytes to what the model sees
    root attributes     channel_mean [3], channel_variance [3], images, cases
    /images             uint8 [N, 32, 32, 3]
    /normalized         [N, 32, 32, 3];  /resized/<size> [N, size, size, 3]
    /geometry/case<i>   attributes image, size, flip (0 or 1), angle (radians), zoom_height, zoom_width, and
                        matrix [6]: output pixel (x, y) shows the resized image at
                        (m0 x + m1 y + m2, m3 x + m4 y + m5);  dataset output [size, size, 3]
"""
import math
import pathlib
import sys

import h5py
import numpy as np
import scipy.ndimage
import torch
import torch.nn.functional as F

NORM_EPSILON = 1e-6

# ---- Model ---------------------------------------------------------------------------------------

MODELS = {
    'flatten': dict(image_size=18, patch_size=6, dim=16, depth=2, heads=2, key_dim=8, mlp=(32, 16),
                    pool='flatten', head=(48, 24), classes=10, batch=4),
    # No head layers, one MLP layer, 49 tokens and odd widths: no vector or tile is ever full.
    'mean': dict(image_size=21, patch_size=3, dim=13, depth=2, heads=5, key_dim=7, mlp=(13,),
                 pool='mean', head=(), classes=7, batch=5),
    # The patches do not divide the image: its last two rows and columns are cut off.
    'cut': dict(image_size=20, patch_size=6, dim=20, depth=1, heads=3, key_dim=10, mlp=(36, 28, 20),
                pool='flatten', head=(12,), classes=11, batch=3),
    # The proportions of the reference model. Three images make the first head layer a fat one.
    'wide': dict(image_size=72, patch_size=6, dim=64, depth=2, heads=4, key_dim=64, mlp=(128, 64),
                 pool='flatten', head=(16, 8), classes=10, batch=3),
    # 625 attention elements a head and 600 or 300 in an MLP layer: several groups of 128 and a part of one.
    'dropout': dict(image_size=20, patch_size=4, dim=12, depth=2, heads=2, key_dim=6, mlp=(24, 12),
                    pool='flatten', head=(40, 16), classes=9, batch=3, dropout=0.25, head_dropout=0.5,
                    seed=7, step=5, samples=(3, 1000, 44999)),
}


def tokens(size):
    return (size['image_size'] // size['patch_size']) ** 2


def feature_count(size):
    return size['dim'] * (tokens(size) if size['pool'] == 'flatten' else 1)


def tensor_shapes(size):
    """Every tensor's name and shape, in the order of a checkpoint."""
    D, H, K = size['dim'], size['heads'], size['key_dim']
    shapes = {}

    def dense(name, inputs, outputs):
        shapes[name + '/kernel'] = (inputs, outputs)
        shapes[name + '/bias'] = (outputs,)

    def norm(name):
        shapes[name + '/gamma'] = shapes[name + '/beta'] = (D,)

    dense('patch_embed/projection', 3 * size['patch_size'] ** 2, D)
    shapes['patch_embed/position'] = (tokens(size), D)
    for i in range(size['depth']):
        norm(f'block{i}/norm1')
        for name in ('query', 'key', 'value'):
            shapes[f'block{i}/attention/{name}/kernel'] = (D, H, K)
            shapes[f'block{i}/attention/{name}/bias'] = (H, K)
        shapes[f'block{i}/attention/output/kernel'] = (H, K, D)
        shapes[f'block{i}/attention/output/bias'] = (D,)
        norm(f'block{i}/norm2')
        widths = (D,) + size['mlp']
        for j, width in enumerate(size['mlp']):
            dense(f'block{i}/mlp{j}', widths[j], width)
    norm('norm')
    widths = (feature_count(size),) + size['head']
    for j, width in enumerate(size['head']):
        dense(f'head{j}', widths[j], width)
    dense('logits', widths[-1], size['classes'])
    return shapes


def coarse_normal(random, shape, scale):
    """Normal values on a grid of scale/16 to scale/32: exact in fp32, and they compress to a byte each."""
    grid = 2.0 ** -math.ceil(math.log2(16 / scale))
    return np.round(random.standard_normal(shape) * scale / grid) * grid


def draw_weights(size, random):
    """Values that keep every activation near 1, so that a wrong one shows; no bias is zero, no gamma one."""
    weights = {}
    for name, shape in tensor_shapes(size).items():
        if name.endswith('/kernel'):
            inputs = shape[0] * shape[1] if '/output/' in name else shape[0]
            weights[name] = coarse_normal(random, shape, 1 / math.sqrt(inputs))
        elif name.endswith('/gamma'):
            weights[name] = 1 + coarse_normal(random, shape, 0.25)
        else:
            weights[name] = coarse_normal(random, shape, 0.25)
    return weights


def forward(size, weights, images, masks):
    """Logits of a batch. Masks are factors by site name; a missing one stands for no dropout."""

    def dense(name, x):
        return x @ weights[name + '/kernel'] + weights[name + '/bias']

    def norm(name, x):
        return F.layer_norm(x, (size['dim'],), weights[name + '/gamma'], weights[name + '/beta'],
                            NORM_EPSILON)

    def drop(site, x):
        return x * masks[site] if site in masks else x

    def attention(block, x):
        q, k, v = (torch.einsum('btd,dhk->bhtk', x, weights[f'{block}/attention/{name}/kernel'])
                   + weights[f'{block}/attention/{name}/bias'][:, None, :]
                   for name in ('query', 'key', 'value'))
        scores = q @ k.transpose(-2, -1) / math.sqrt(size['key_dim'])
        mixed = drop(f'{block}/attention', torch.softmax(scores, dim=-1)) @ v
        return (torch.einsum('bhtk,hkd->btd', mixed, weights[f'{block}/attention/output/kernel'])
                + weights[f'{block}/attention/output/bias'])

    def patches(pixels):
        B, P = len(pixels), size['patch_size']
        side = size['image_size'] // P
        whole = pixels[:, :side * P, :side * P].reshape(B, side, P, side, P, 3)
        return whole.permute(0, 1, 3, 2, 4, 5).reshape(B, side * side, P * P * 3)

    x = dense('patch_embed/projection', patches(images)) + weights['patch_embed/position']
    for i in range(size['depth']):
        x = x + attention(f'block{i}', norm(f'block{i}/norm1', x))
        y = norm(f'block{i}/norm2', x)
        for j in range(len(size['mlp'])):
            y = drop(f'block{i}/mlp{j}', F.gelu(dense(f'block{i}/mlp{j}', y)))
        x = x + y
    x = norm('norm', x)
    x = drop('features', x.flatten(1) if size['pool'] == 'flatten' else x.mean(1))
    for j in range(len(size['head'])):
        x = drop(f'head{j}', F.gelu(dense(f'head{j}', x)))
    return dense('logits', x)


# ---- Dropout masks -------------------------------------------------------------------------------


def philox4x32(counter, key):
    """Ten rounds of Philox4x32 (Salmon et al., SC'11), counter words being numbers or arrays."""
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    low = np.uint64(0xffffffff)
    for i in range(10):
        k0 = np.uint64(key[0] + i * 0x9E3779B9 & 0xffffffff)
        k1 = np.uint64(key[1] + i * 0xBB67AE85 & 0xffffffff)
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        high0, high1 = p0 >> np.uint64(32), p1 >> np.uint64(32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, p1 & low, high0 ^ c3 ^ k1, p0 & low
    return [word.astype(np.uint32) for word in np.broadcast_arrays(c0, c1, c2, c3)]


def check_philox():
    """Known answers published with Random123 (kat_vectors): all zeros, all ones, digits of pi."""
    ones = 0xffffffff
    for counter, key, answer in (
            ((0,) * 4, (0,) * 2, (0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)),
            ((ones,) * 4, (ones,) * 2, (0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)),
            ((0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), (0xa4093822, 0x299f31d0),
             (0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1))):
        assert tuple(int(word) for word in philox4x32(counter, key)) == answer


def dropout_mask(size, sample, site, rate, count):
    """One sample's factors at a site. Elements go in groups of 128 = 4 words x 2 halves x 16 blocks."""
    dropout_purpose = 4
    element = np.arange(count)
    group, rest = element // 128, element % 128
    lane, half, word = rest % 16, rest // 16 % 2, rest // 32
    words = philox4x32((group * 16 + lane, sample, size['step'], dropout_purpose << 24 | site),
                       (size['seed'] & 0xffffffff, size['seed'] >> 32))
    value = np.choose(word, words) >> (16 * half).astype(np.uint32) & np.uint32(0xffff)
    threshold = round((1 - rate) * 65536)
    return np.where(value < threshold, np.float32(65536 / threshold), np.float32(0))


def dropout_masks(size):
    B, H, T = size['batch'], size['heads'], tokens(size)

    def site_mask(site, rate, *shape):
        return np.stack([dropout_mask(size, sample, site, rate, math.prod(shape)).reshape(shape)
                         for sample in size['samples']])

    masks = {}
    for i in range(size['depth']):
        heads = [site_mask(i * 256 + h, size['dropout'], T, T) for h in range(H)]
        masks[f'block{i}/attention'] = np.stack(heads, axis=1)
        for j, width in enumerate(size['mlp']):
            masks[f'block{i}/mlp{j}'] = site_mask(i * 256 + 128 + j, size['dropout'], T, width)
    masks['features'] = site_mask(0xff0000, size['head_dropout'], feature_count(size))
    for j, width in enumerate(size['head']):
        masks[f'head{j}'] = site_mask(0xff0001 + j, size['head_dropout'], width)
    assert all(len(mask) == B for mask in masks.values())
    return masks


def model_attributes(size):
    attributes = {key: ','.join(map(str, value)) if isinstance(value, tuple) else value
                  for key, value in size.items() if key != 'samples'}
    attributes = {'dropout': 0.0, 'head_dropout': 0.0, **attributes, 'norm_epsilon': NORM_EPSILON}
    keys = ('patch_size', 'dim', 'depth', 'heads', 'key_dim', 'mlp', 'pool', 'head', 'dropout',
            'head_dropout')
    job = [f"[job]\nseed = {size.get('seed', 1)}", f"[data]\nbatch_size = {size['batch']}",
           f"[augment]\nimage_size = {size['image_size']}", '[model]']
    return {**attributes, 'job': '\n'.join(job + [f'{key} = {attributes[key]}' for key in keys]) + '\n'}


def model_case(name, seed):
    size, random = MODELS[name], np.random.RandomState(seed)
    weights = draw_weights(size, random)
    images = coarse_normal(random, (size['batch'], size['image_size'], size['image_size'], 3), 1.0)
    labels = random.randint(size['classes'], size=size['batch'])
    masks = dropout_masks(size) if 'samples' in size else {}

    leaves = {key: torch.tensor(value, requires_grad=True) for key, value in weights.items()}
    logits = forward(size, leaves, torch.tensor(images),
                     {site: torch.tensor(mask, dtype=torch.float64) for site, mask in masks.items()})
    loss = F.cross_entropy(logits, torch.tensor(labels))
    loss.backward()

    gradients = {key: leaf.grad.numpy() for key, leaf in leaves.items()}
    for key in gradients:
        # A key bias shifts all scores of a query alike, which softmax ignores: what is there is rounding.
        if key.endswith('/key/bias'):
            assert np.abs(gradients[key]).max() < 1e-13
            gradients[key] = np.zeros_like(gradients[key])

    gradient_type = np.float32 if name == 'wide' else np.float64
    datasets = {'/input/images': images, '/input/labels': labels.astype(np.uint16),
                '/logits': logits.detach().numpy(), '/loss': loss.detach().numpy().reshape(1)}
    for key in weights:
        datasets['/model/' + key] = weights[key].astype(np.float32)
        assert np.array_equal(datasets['/model/' + key], weights[key])
        datasets['/gradient/' + key] = gradients[key].astype(gradient_type)
    datasets.update({'/mask/' + site: mask for site, mask in masks.items()})
    if masks:
        datasets['/input/samples'] = np.array(size['samples'], np.uint64)
    return {'/': model_attributes(size)}, datasets


# ---- Files ---------------------------------------------------------------------------------------


def all_files():
    """File name -> (attributes by object, datasets by path)."""
    check_philox()
    files = {f'model_{name}.h5': model_case(name, seed) for seed, name in enumerate(MODELS, 1)}
    return files


def stored_attribute(value):
    """An attribute as h5py is to store it; text gets room for C's terminating zero."""
    if isinstance(value, str):
        return value.encode(), h5py.string_dtype('utf-8', len(value) + 1)
    if isinstance(value, int):
        return value, np.uint64
    return value, np.float64


def write(path, attributes, datasets):
    with h5py.File(path, 'w', libver='v110') as file:
        for name, values in datasets.items():
            file.create_dataset(name, data=values, compression='gzip' if values.size > 256 else None,
                                shuffle=values.size > 256)
        for name, entries in attributes.items():
            for key, value in entries.items():
                data, dtype = stored_attribute(value)
                file[name].attrs.create(key, data, dtype=dtype)


def differences(path, attributes, datasets):
    """What differs between a file and its regenerated content, beyond rounding on another processor."""
    found = []
    with h5py.File(path, 'r') as file:
        objects = []
        file.visit(objects.append)
        stored = {'/' + name for name in objects if isinstance(file[name], h5py.Dataset)}
        found += [f'{name} is only on one side' for name in stored ^ set(datasets)]
        for name in stored & set(datasets):
            new, old = datasets[name], file[name][()]
            rounding = {'float64': 1e-10, 'float32': 2e-7}.get(new.dtype.name, 0)
            if old.shape != new.shape or old.dtype != new.dtype:
                found.append(f'{name} is {old.dtype}{old.shape}, not {new.dtype}{new.shape}')
            elif not np.allclose(old, new, rtol=0, atol=rounding * float(np.abs(new).max())):
                found.append(f'{name} has other values')
        for name, entries in attributes.items():
            old = {key: value.decode() if isinstance(value, bytes) else value
                   for key, value in file[name].attrs.items()} if name in file else {}
            found += [f'{name} attribute {key}' for key in set(old) | set(entries)
                      if not np.array_equal(old.get(key), entries.get(key))]
    return found


def main():
    if sys.argv[1:] not in ([], ['--check']):
        sys.exit(__doc__)
    folder, failed = pathlib.Path(__file__).parent, False
    for name, (attributes, datasets) in all_files().items():
        if not sys.argv[1:]:
            write(folder / name, attributes, datasets)
            continue
        found = (differences(folder / name, attributes, datasets) if (folder / name).exists()
                 else ['no such file'])
        print(f'{name}:', '; '.join(sorted(found)) or 'as committed')
        failed |= bool(found)
    sys.exit(failed)


if __name__ == '__main__':
    main()
