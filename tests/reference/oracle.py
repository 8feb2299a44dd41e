#!/usr/bin/python3
"""Whether model.py is the model of the recipes' oracle, recipe.py: the same weights and images in
both, in double; logits and every gradient, norm-wise.

    oracle.py RECIPE.py [NAME...]    NAME: of SETTINGS; all of them by default

Exit code 1 if anything differs by more than rounding. Runs recipe.py up to where it has made its
model, on a few pictures of noise.
"""
import math
import pathlib
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

import model
from real import SIZES

TOLERANCE = 1e-6  # recipe.py's sine positions are rounded to fp32; all else is double
# What recipe.py calls the sizes of real.py.
SETTINGS = {
    'small': 'tok=conv convs=2 dim=128 depth=4 heads=2 mlp=256,128 dw=1 pool=seq',
    'plain': 'tok=conv convs=2 dim=128 depth=4 heads=2 mlp=128,128 dw=0 pool=seq',
    'large': 'tok=conv convs=2 dim=256 depth=6 heads=4 mlp=512,256 dw=1 pool=seq',
    'class-token': 'tok=patch patch=4 dim=192 depth=9 heads=3 mlp=384,192 dw=0 pool=cls',
    'sine': 'tok=patch patch=4 dim=192 depth=9 heads=3 mlp=384,192 dw=1 pool=cls pos=sin',
}
COMMON = ('init=vit last_gelu=0 head=none adrop=0 drop=0 hdrop=0 path=0 smooth=.1 compile=0 '
          'mixup=.8 cutmix=1')


def oracle(recipe, settings):
    """recipe.py's names once it has made its model, in double."""
    source = recipe.read_text()
    source = source[:source.index('def macs()')]
    assert 'm = ViT()' in source
    noise, arguments = np.random.RandomState(1), sys.argv
    with tempfile.TemporaryDirectory() as folder:
        for name in ('train.bin', 'test.bin'):
            noise.randint(0, 100, (20, 3074)).astype(np.uint8).tofile(f'{folder}/{name}')
        sys.argv = [str(recipe), folder, 'x', f'{folder}/x.csv', *f'{COMMON} {settings}'.split()]
        names = {'__name__': 'recipe'}
        exec(compile(source, str(recipe), 'exec'), names)
        sys.argv = arguments
    # Its loss, which comes after macs().
    tail = recipe.read_text()
    tail = tail[tail.index('def mix(x, y)'):tail.index('np.random.seed(c.seed)')]
    exec(compile(tail, str(recipe), 'exec'), names)
    return {**names, 'm': names['m'].double().eval()}


def dense(weight):
    return weight.reshape(weight.shape[0], -1).T


def pairs(size, net):
    """Ours by name: where recipe.py has it, as a function of (its weight or gradient), in our
    shape."""
    D, H, K = size['dim'], size['heads'], size['key_dim']
    found = {}

    def linear(name, layer):
        found[name + '/kernel'] = layer.weight, dense
        found[name + '/bias'] = layer.bias, lambda b: b

    def norm(name, layer):
        found[name + '/gamma'] = layer.weight, lambda b: b
        found[name + '/beta'] = layer.bias, lambda b: b

    if model.option(size, 'tokenizer') == 'convolution':
        for i, layer in enumerate(net.tok[::3]):
            found[f'tokenizer/convolution{i}/kernel'] = layer.weight, lambda w: w.permute(2, 3, 1, 0)
    else:
        linear('patch_embed/projection', net.proj)
    if model.option(size, 'position') == 'learned':
        found['patch_embed/position'] = net.pos, lambda w: w
    if size['pool'] == 'class':
        found['class_token'] = net.cls, lambda w: w.reshape(-1)
    for i, block in enumerate(net.b):
        norm(f'block{i}/norm1', block.n1)
        for k, name in enumerate(('query', 'key', 'value')):
            found[f'block{i}/attention/{name}/kernel'] = (
                block.a.qkv.weight, lambda w, k=k: w.reshape(3, H, K, D)[k].permute(2, 0, 1))
            found[f'block{i}/attention/{name}/bias'] = (
                block.a.qkv.bias, lambda b, k=k: b.reshape(3, H, K)[k])
        found[f'block{i}/attention/output/kernel'] = (block.a.o.weight,
                                                      lambda w: w.T.reshape(H, K, D))
        found[f'block{i}/attention/output/bias'] = block.a.o.bias, lambda b: b
        norm(f'block{i}/norm2', block.n2)
        linears = [layer for layer in block.m if isinstance(layer, torch.nn.Linear)]
        for j, layer in enumerate(linears):
            linear(f'block{i}/mlp{j}', layer)
        if model.option(size, 'mlp_convolution'):
            local = next(layer.c for layer in block.m if hasattr(layer, 'g'))
            found[f'block{i}/mlp_convolution/kernel'] = (local.weight,
                                                         lambda w: w[:, 0].permute(1, 2, 0))
            found[f'block{i}/mlp_convolution/bias'] = local.bias, lambda b: b
    norm('norm', net.n)
    if size['pool'] == 'sequence':
        linear('pool', net.sp)
    linear('logits', net.h[-1])
    return found


def error(ours, theirs):
    difference, norm = (ours - theirs).norm().item(), theirs.norm().item()
    return difference if norm < 1e-12 else difference / norm


def compare(recipe, name):
    """The largest error, and what has it."""
    size = dict(SIZES['class-token' if name == 'sine' else name])
    if name == 'sine':
        size.update(position='sine', mlp_convolution=3)
    names = oracle(recipe, SETTINGS[name])
    net, random = names['m'], torch.Generator().manual_seed(3)
    with torch.no_grad():  # no tensor is trivial
        for parameter in net.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=random, dtype=torch.float64)
    where = pairs(size, net)
    assert set(where) == set(model.tensor_shapes(size))
    ours = {key: view(weight.detach()).clone().requires_grad_()
            for key, (weight, view) in where.items()}
    assert all(tuple(ours[key].shape) == shape for key, shape in model.tensor_shapes(size).items())

    images = torch.randn(size['batch'], 3, 32, 32, generator=random, dtype=torch.float64)
    labels = torch.arange(size['batch']) * 7 % 100
    np.random.seed(5)
    mixed, target = names['mix'](images, labels)
    theirs = net(mixed)
    (-(target.double() * F.log_softmax(theirs, 1)).sum(1).mean()).backward()

    logits = model.forward(size, ours, mixed.permute(0, 2, 3, 1), {})
    share = same_target(size, labels.numpy(), target.double().numpy())
    told = torch.tensor(model.soft_targets(size, labels.numpy(), labels.numpy()[::-1], share))
    F.cross_entropy(logits, told).backward()
    errors = {'logits': error(logits, theirs), 'targets': error(told, target.double())}
    for key, (weight, view) in where.items():
        errors[key] = error(ours[key].grad, view(weight.grad))
    assert not any(math.isnan(value) for value in errors.values())
    return max(errors.items(), key=lambda item: item[1])


def same_target(size, labels, target):
    """The share that recipe.py drew, read off its targets."""
    smoothing, classes = size['label_smoothing'], size['classes']
    own = target[np.arange(len(labels)), labels]
    return (own - smoothing / classes) / (1 - smoothing)


def main():
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(SETTINGS):
        sys.exit(__doc__)
    failed = False
    for name in sys.argv[2:] or SETTINGS:
        what, worst = compare(pathlib.Path(sys.argv[1]), name)
        print(f'{name}: largest error {worst:.2g} ({what})')
        failed |= not worst <= TOLERANCE
    sys.exit(failed)


if __name__ == '__main__':
    main()
