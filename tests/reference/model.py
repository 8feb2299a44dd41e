"""The vision transformer in PyTorch, double precision: forward pass, dropout masks, gradients.

A size without one of OPTIONS has its default, which is the job file's.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

NORM_EPSILON = 1e-6

OPTIONS = dict(tokenizer='patch', convolution_widths=(64,), position='learned', mlp_end='gelu',
               mlp_convolution=0, stochastic_depth=0.0, label_smoothing=0.0)

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
    # One convolution of an image with an odd side: 7 x 7 tokens. No vector is ever full.
    'convolution': dict(image_size=13, tokenizer='convolution', convolution_widths=(), dim=18,
                        depth=2, heads=2, key_dim=9, mlp=(22, 18), mlp_end='linear',
                        mlp_convolution=3, pool='sequence', head=(), classes=7, batch=3),
    # Two, the second with a full vector and a part of one: 17, 9, 5 pixels a side.
    'class': dict(image_size=17, tokenizer='convolution', convolution_widths=(20,), position='sine',
                  dim=20, depth=2, heads=2, key_dim=8, mlp=(36, 20), mlp_end='linear',
                  mlp_convolution=5, pool='class', head=(), classes=9, batch=3),
    # A grid of 3 x 3 tokens is smaller than what the kernel reaches. One dense layer, without GELU.
    'sequence': dict(image_size=14, patch_size=4, position='sine', dim=16, depth=1, heads=3,
                     key_dim=5, mlp=(16,), mlp_end='linear', mlp_convolution=7, pool='sequence',
                     head=(12,), classes=8, batch=4),
    'tokens': dict(image_size=15, patch_size=3, position='none', dim=14, depth=2, heads=2,
                   key_dim=7, mlp=(30, 20, 14), mlp_convolution=3, pool='class', head=(11,),
                   classes=6, batch=3),
    # Units of two: the last image is alone. 'mean' and 'none' leave the order of the tokens open.
    'soft': dict(image_size=12, patch_size=4, position='none', dim=16, depth=1, heads=2, key_dim=8,
                 mlp=(24, 16), pool='mean', head=(10,), classes=9, batch=5, label_smoothing=0.1,
                 share=(0.7, 0.7, 0.1875, 0.1875, 1.0)),
    # Each block drops branches with a probability of its own; of block 0 none.
    'depth': dict(image_size=12, patch_size=4, dim=16, depth=3, heads=2, key_dim=6, mlp=(20, 16),
                  mlp_end='linear', mlp_convolution=3, pool='class', head=(14,), classes=7, batch=4,
                  dropout=0.125, attention_dropout=0.25, head_dropout=0.25, stochastic_depth=0.5,
                  seed=11, step=5, samples=(17, 4, 30000, 2)),
}

# Whose gradients are rounded to fp32, for the size of the file.
SMALL_FILES = ('wide', 'convolution', 'class', 'sequence', 'tokens', 'soft', 'depth')


def option(size, key):
    return size.get(key, OPTIONS[key])


def convolution_widths(size):
    """Channels before and after each of the tokenizer's convolutions."""
    return (3, *option(size, 'convolution_widths'), size['dim'])


def grid_side(size):
    """Tokens a side of the picture."""
    if option(size, 'tokenizer') == 'patch':
        return size['image_size'] // size['patch_size']
    side = size['image_size']
    for _ in convolution_widths(size)[1:]:
        side = (side + 1) // 2
    return side


def tokens(size):
    return grid_side(size) ** 2 + (size['pool'] == 'class')


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

    if option(size, 'tokenizer') == 'patch':
        dense('patch_embed/projection', 3 * size['patch_size'] ** 2, D)
    else:
        widths = convolution_widths(size)
        for i in range(len(widths) - 1):
            shapes[f'tokenizer/convolution{i}/kernel'] = (3, 3, widths[i], widths[i + 1])
    if option(size, 'position') == 'learned':
        shapes['patch_embed/position'] = (grid_side(size) ** 2, D)
    if size['pool'] == 'class':
        shapes['class_token'] = (D,)
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
            if j == 0 and option(size, 'mlp_convolution'):
                side = size['mlp_convolution']
                shapes[f'block{i}/mlp_convolution/kernel'] = (side, side, width)
                shapes[f'block{i}/mlp_convolution/bias'] = (width,)
    norm('norm')
    if size['pool'] == 'sequence':
        dense('pool', D, 1)
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
        if name.startswith('tokenizer/'):
            # Not on a grid: where two values in a window are equal, either may be the maximum.
            inputs = math.prod(shape[:3])
            weights[name] = rounded(random.standard_normal(shape) * math.sqrt(2 / inputs))
        elif name.endswith('/kernel'):
            inputs = math.prod(shape[:1 + ('/output/' in name or 'convolution' in name)])
            weights[name] = coarse_normal(random, shape, 1 / math.sqrt(inputs))
        elif name.endswith('/gamma'):
            weights[name] = 1 + coarse_normal(random, shape, 0.25)
        else:
            weights[name] = coarse_normal(random, shape, 0.25)
    return weights


def sine_position(size):
    """big_vision's posemb_sincos_2d: columns first, then rows."""
    side, count = grid_side(size), size['dim'] // 4
    frequency = 10000.0 ** (-torch.arange(count, dtype=torch.float64) / (count - 1))
    row, column = torch.meshgrid(*2 * [torch.arange(side, dtype=torch.float64)], indexing='ij')
    row, column = row.reshape(-1, 1) * frequency, column.reshape(-1, 1) * frequency
    return torch.cat([column.sin(), column.cos(), row.sin(), row.cos()], dim=1)


def patches(size, pixels):
    B, P, side = len(pixels), size['patch_size'], grid_side(size)
    whole = pixels[:, :side * P, :side * P].reshape(B, side, P, side, P, 3)
    return whole.permute(0, 1, 3, 2, 4, 5).reshape(B, side * side, P * P * 3)


def convolved(size, weights, pixels):
    """n times convolution, ReLU, max-pooling: [B, side^2, D]."""
    planes = pixels.permute(0, 3, 1, 2)
    for i in range(len(convolution_widths(size)) - 1):
        kernel = weights[f'tokenizer/convolution{i}/kernel'].permute(3, 2, 0, 1)
        planes = F.max_pool2d(F.relu(F.conv2d(planes, kernel, padding=1)), 3, 2, 1)
    return planes.flatten(2).transpose(1, 2)


def local_convolution(size, kernel, bias, x):
    """x + depthwise(x) + bias over the grid of tokens; a class token passes by."""
    side, extra = grid_side(size), x.shape[1] - grid_side(size) ** 2
    grid = x[:, extra:].transpose(1, 2).reshape(len(x), -1, side, side)
    y = F.conv2d(grid, kernel.permute(2, 0, 1)[:, None], bias, padding=kernel.shape[0] // 2,
                 groups=grid.shape[1])
    return torch.cat([x[:, :extra], (grid + y).flatten(2).transpose(1, 2)], dim=1)


def forward(size, weights, images, masks, seen=None):
    """Logits of a batch. Masks are factors by site name; a missing one stands for no dropout. In
    seen, a dictionary, go the probabilities of each block's attention, [B, H, T query, T key]."""

    def dense(name, x):
        return x @ weights[name + '/kernel'] + weights[name + '/bias']

    def norm(name, x):
        return F.layer_norm(x, (size['dim'],), weights[name + '/gamma'], weights[name + '/beta'],
                            NORM_EPSILON)

    def drop(site, x):
        return x * masks[site] if site in masks else x

    def embed(pixels):
        if option(size, 'tokenizer') == 'patch':
            x = dense('patch_embed/projection', patches(size, pixels))
        else:
            x = convolved(size, weights, pixels)
        if option(size, 'position') == 'learned':
            x = x + weights['patch_embed/position']
        elif option(size, 'position') == 'sine':
            x = x + sine_position(size)
        if size['pool'] == 'class':
            x = torch.cat([weights['class_token'].expand(len(x), 1, -1), x], dim=1)
        return x

    def attention(block, x):
        q, k, v = (torch.einsum('btd,dhk->bhtk', x, weights[f'{block}/attention/{name}/kernel'])
                   + weights[f'{block}/attention/{name}/bias'][:, None, :]
                   for name in ('query', 'key', 'value'))
        scores = q @ k.transpose(-2, -1) / math.sqrt(size['key_dim'])
        probability = torch.softmax(scores, dim=-1)
        if seen is not None:
            seen[block] = probability
        mixed = drop(f'{block}/attention', probability) @ v
        return (torch.einsum('bhtk,hkd->btd', mixed, weights[f'{block}/attention/output/kernel'])
                + weights[f'{block}/attention/output/bias'])

    def mlp(block, x):
        last = len(size['mlp']) - 1
        for j in range(last + 1):
            x = dense(f'{block}/mlp{j}', x)
            if j == 0 and option(size, 'mlp_convolution'):
                x = local_convolution(size, weights[f'{block}/mlp_convolution/kernel'],
                                      weights[f'{block}/mlp_convolution/bias'], x)
            if j < last or option(size, 'mlp_end') == 'gelu':
                x = F.gelu(x)
            x = drop(f'{block}/mlp{j}', x)
        return x

    def pool(x):
        if size['pool'] == 'flatten':
            return x.flatten(1)
        if size['pool'] == 'mean':
            return x.mean(1)
        if size['pool'] == 'class':
            return x[:, 0]
        return (torch.softmax(dense('pool', x), dim=1) * x).sum(1)

    x = embed(images)
    for i in range(size['depth']):
        block = f'block{i}'
        x = x + drop(f'{block}/branch0', attention(block, norm(f'{block}/norm1', x)))
        x = x + drop(f'{block}/branch1', mlp(block, norm(f'{block}/norm2', x)))
    x = drop('features', pool(norm('norm', x)))
    for j in range(len(size['head'])):
        x = drop(f'head{j}', F.gelu(dense(f'head{j}', x)))
    return dense('logits', x)


def soft_targets(size, labels, others, share):
    """[B, classes]: smoothed over all classes, then `share` of one label, the rest of another."""
    classes, smoothing = size['classes'], option(size, 'label_smoothing')
    own, other = (smoothing / classes + (1 - smoothing) * np.eye(classes)[which]
                  for which in (labels, others))
    return share[:, None] * own + (1 - share[:, None]) * other


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
        heads = [site_mask(i * 256 + h, size.get('attention_dropout', size['dropout']), T, T)
                 for h in range(H)]
        masks[f'block{i}/attention'] = np.stack(heads, axis=1)
        for j, width in enumerate(size['mlp']):
            masks[f'block{i}/mlp{j}'] = site_mask(i * 256 + 128 + j, size['dropout'], T, width)
        rate = option(size, 'stochastic_depth') * i / max(size['depth'] - 1, 1)
        for k in range(2 if rate else 0):
            masks[f'block{i}/branch{k}'] = site_mask(i * 256 + 240 + k, rate, 1, 1)
    masks['features'] = site_mask(0xff0000, size['head_dropout'], feature_count(size))
    for j, width in enumerate(size['head']):
        masks[f'head{j}'] = site_mask(0xff0001 + j, size['head_dropout'], width)
    assert all(len(mask) == B for mask in masks.values())
    return masks


def model_attributes(size):
    attributes = {key: ','.join(map(str, value)) if isinstance(value, tuple) else value
                  for key, value in size.items() if key not in ('samples', 'share')}
    attributes = {'dropout': 0.0, 'head_dropout': 0.0, **attributes, 'norm_epsilon': NORM_EPSILON}
    keys = ['patch_size', 'dim', 'depth', 'heads', 'key_dim', 'mlp', 'pool', 'head', 'dropout',
            'head_dropout', 'attention_dropout', *OPTIONS]
    job = [f"[job]\nseed = {size.get('seed', 1)}", f"[data]\nbatch_size = {size['batch']}",
           f"[augment]\nimage_size = {size['image_size']}", '[model]']
    job += [f'{key} = {attributes[key] or "none"}' if key == 'convolution_widths' else
            f'{key} = {attributes[key]}' for key in keys
            if key in attributes and key != 'label_smoothing']
    if 'label_smoothing' in size:
        job += ['[train]', f"label_smoothing = {size['label_smoothing']}"]
    return {**attributes, 'job': '\n'.join(job) + '\n'}


def draw_inputs(size, random):
    """Images, labels, the labels that they are mixed with, and the shares of their own labels."""
    shape = (size['batch'], size['image_size'], size['image_size'], 3)
    if option(size, 'tokenizer') == 'patch':
        images = coarse_normal(random, shape, 1.0)
    else:
        images = rounded(random.standard_normal(shape))  # see draw_weights
    labels = random.randint(size['classes'], size=size['batch'])
    if 'share' not in size:
        return images, labels, labels, np.ones(size['batch'])
    others = random.randint(size['classes'], size=size['batch'])
    return images, labels, others, np.array(size['share'])


def without_rounding(size, gradients):
    """A bias that shifts all scores of a softmax alike has no gradient, but for rounding. Nor has
    the last block's local convolution where only the class token, which passes by, is seen."""
    unseen = f"block{size['depth'] - 1}/mlp_convolution/" if size['pool'] == 'class' else None
    for key, gradient in gradients.items():
        largest = np.abs(gradient).max()
        if key.endswith('/key/bias') or key == 'pool/bias':
            assert largest < 1e-13
            gradients[key] = np.zeros_like(gradient)
        else:
            assert (largest == 0) if unseen and key.startswith(unseen) else (largest > 1e-9), key
    return gradients


def model_case(size, seed, small_file=False):
    """(attributes by object, datasets by path) of one batch through a model of that size."""
    random = np.random.RandomState(seed)
    weights = draw_weights(size, random)
    images, labels, others, share = draw_inputs(size, random)
    masks = dropout_masks(size) if 'samples' in size else {}

    leaves = {key: torch.tensor(value, requires_grad=True) for key, value in weights.items()}
    factors = {site: torch.tensor(mask, dtype=torch.float64) for site, mask in masks.items()}
    logits = forward(size, leaves, torch.tensor(images), factors)
    loss = F.cross_entropy(logits, torch.tensor(soft_targets(size, labels, others, share)))
    loss.backward()
    gradients = without_rounding(size,
                                 {key: leaf.grad.numpy() for key, leaf in leaves.items()})

    datasets = {'/input/images': images, '/input/labels': labels.astype(np.uint16),
                '/logits': logits.detach().numpy(), '/loss': loss.detach().numpy().reshape(1)}
    for key in weights:
        datasets['/model/' + key] = weights[key].astype(np.float32)
        assert np.array_equal(datasets['/model/' + key], weights[key])
        datasets['/gradient/' + key] = rounded(gradients[key]) if small_file else gradients[key]
    datasets.update({'/mask/' + site: mask for site, mask in masks.items()})
    if masks:
        datasets['/input/samples'] = np.array(size['samples'], np.uint64)
    if 'share' in size:
        datasets['/input/others'] = others.astype(np.uint16)
        datasets['/input/share'] = share
    return {'/': model_attributes(size)}, datasets
