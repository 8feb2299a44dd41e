"""The vision transformer in PyTorch, double precision: forward pass, dropout masks, gradients."""
import math

import numpy as np
import torch
import torch.nn.functional as F

NORM_EPSILON = 1e-6

MODELS = {
    'flatten': dict(image_size=18, patch_size=6, dim=16, depth=2, heads=2, key_dim=8,
                    mlp=(32, 16), pool='flatten', head=(48, 24), classes=10, batch=4),
    # No head layers, one MLP layer, 49 tokens and odd widths: no vector or tile is ever full.
    'mean': dict(image_size=21, patch_size=3, dim=13, depth=2, heads=5, key_dim=7, mlp=(13,),
                 pool='mean', head=(), classes=7, batch=5),
    # The patches do not divide the image: its last two rows and columns are cut off.
    'cut': dict(image_size=20, patch_size=6, dim=20, depth=1, heads=3, key_dim=10,
                mlp=(36, 28, 20), pool='flatten', head=(12,), classes=11, batch=3),
    # The proportions of the reference model. With three images head0 is a fat layer.
    'wide': dict(image_size=72, patch_size=6, dim=64, depth=2, heads=4, key_dim=64, mlp=(128, 64),
                 pool='flatten', head=(13, 8), classes=10, batch=3),
    # 625 attention elements a head, 600 or 300 in an MLP layer: groups of 128 and a part of one.
    'dropout': dict(image_size=20, patch_size=4, dim=12, depth=2, heads=2, key_dim=6, mlp=(24, 12),
                    pool='flatten', head=(40, 16), classes=9, batch=3, dropout=0.25,
                    head_dropout=0.5, seed=7, step=5, samples=(3, 1000, 44999)),
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
    """Normal values on a grid of scale/16 to scale/32: exact in fp32, a byte when compressed."""
    grid = 2.0 ** -math.ceil(math.log2(16 / scale))
    return np.round(random.standard_normal(shape) * scale / grid) * grid


def rounded(values):
    """Doubles with the accuracy of fp32, which compress to half the size."""
    return np.asarray(values).astype(np.float32).astype(np.float64)


def draw_weights(size, random):
    """Values that keep all activations near 1, so that a wrong one shows. No tensor is trivial."""
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
    """One sample's factors at a site, in groups of 128 elements: 4 words x 2 halves x 16 blocks."""
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
    job += [f'{key} = {attributes[key]}' for key in keys]
    return {**attributes, 'job': '\n'.join(job) + '\n'}


def model_case(name, seed):
    size, random = MODELS[name], np.random.RandomState(seed)
    weights = draw_weights(size, random)
    images = coarse_normal(random, (size['batch'], size['image_size'], size['image_size'], 3), 1.0)
    labels = random.randint(size['classes'], size=size['batch'])
    masks = dropout_masks(size) if 'samples' in size else {}

    leaves = {key: torch.tensor(value, requires_grad=True) for key, value in weights.items()}
    factors = {site: torch.tensor(mask, dtype=torch.float64) for site, mask in masks.items()}
    logits = forward(size, leaves, torch.tensor(images), factors)
    loss = F.cross_entropy(logits, torch.tensor(labels))
    loss.backward()

    gradients = {key: leaf.grad.numpy() for key, leaf in leaves.items()}
    for key in gradients:
        # A key bias shifts all scores of a query alike, which softmax ignores: this is rounding.
        if key.endswith('/key/bias'):
            assert np.abs(gradients[key]).max() < 1e-13
            gradients[key] = np.zeros_like(gradients[key])

    datasets = {'/input/images': images, '/input/labels': labels.astype(np.uint16),
                '/logits': logits.detach().numpy(), '/loss': loss.detach().numpy().reshape(1)}
    for key in weights:
        datasets['/model/' + key] = weights[key].astype(np.float32)
        assert np.array_equal(datasets['/model/' + key], weights[key])
        datasets['/gradient/' + key] = rounded(gradients[key]) if name == 'wide' else gradients[key]
    datasets.update({'/mask/' + site: mask for site, mask in masks.items()})
    if masks:
        datasets['/input/samples'] = np.array(size['samples'], np.uint64)
    return {'/': model_attributes(size)}, datasets
