"""Positions of one grid for another: timm's resample_abs_pos_embed, which is torch's antialiased bicubic."""
import numpy as np
import torch

CASES = ((8, 12), (14, 9), (8, 4), (14, 24))
WIDTH = 3


def resized(positions, size):
    """[from, from, D] -> [size, size, D]."""
    planes = torch.from_numpy(positions).permute(2, 0, 1)[None]
    planes = torch.nn.functional.interpolate(planes, size=(size, size), mode='bicubic', antialias=True, align_corners=False)
    return planes[0].permute(1, 2, 0).numpy()


def position_cases():
    random = np.random.RandomState(7)
    attributes, datasets = {'/': {'cases': len(CASES)}}, {}
    for i, (old, new) in enumerate(CASES):
        positions = random.standard_normal((old, old, WIDTH)).astype(np.float32)
        datasets[f'/from/{i}'] = positions
        datasets[f'/to/{i}'] = resized(positions, new)
    return attributes, datasets
