"""What attention tells of where a model looks: rollout and mean attention distance, in PyTorch."""
import math

import numpy as np
import torch

import model


def rollout(size, seen):
    """The class token's row of the product of (mean over heads + I) / 2 over the blocks, the last
    one first, over the grid's tokens; without a class token the mean of all rows."""
    product = torch.eye(model.tokens(size), dtype=torch.float64)
    for i in range(size['depth']):
        mean = seen[f'block{i}'][0].mean(0)
        product = (mean + torch.eye(len(mean))) / 2 @ product
    return product[0, 1:] if size['pool'] == 'class' else product.mean(0)


def distances(size, seen):
    """[depth, heads]: the mean over the grid's tokens of how far they look, in pixels."""
    side, extra = model.grid_side(size), size['pool'] == 'class'
    pixels = (size['patch_size'] if model.option(size, 'tokenizer') == 'patch'
              else size['image_size'] / side)
    place = torch.cartesian_prod(*2 * [torch.arange(side, dtype=torch.float64)])
    apart = torch.cdist(place, place, compute_mode='donot_use_mm_for_euclid_dist') * pixels
    result = []
    for i in range(size['depth']):
        attention = seen[f'block{i}'][0, :, extra:, extra:]
        share = attention / attention.sum(-1, keepdim=True)
        result.append((share * apart).sum(-1).mean(-1))
    return torch.stack(result)


def rollout_cases():
    """Of the first image of every model without dropout."""
    datasets = {}
    for seed, (name, size) in enumerate(model.MODELS.items(), 1):
        if 'samples' in size:
            continue
        random = np.random.RandomState(seed)
        weights = {key: torch.tensor(value)
                   for key, value in model.draw_weights(size, random).items()}
        images = torch.tensor(model.draw_inputs(size, random)[0])
        seen = {}
        model.forward(size, weights, images, {}, seen)
        datasets[f'/{name}/rollout'] = rollout(size, seen).numpy()
        datasets[f'/{name}/distance'] = distances(size, seen).numpy()
        assert math.isclose(datasets[f'/{name}/rollout'].sum(), 1) or size['pool'] == 'class'
    return {}, datasets
