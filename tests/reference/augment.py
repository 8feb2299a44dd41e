"""Normalization, resizing and the random geometry of training images, in double precision.

Coordinates (x, y) count pixel centres from 0 to S - 1. Outputs are rounded to
fp32, for their size."""
import math

import numpy as np
import scipy.ndimage
import torch
import torch.nn.functional as F

from model import rounded

RESIZED = (72, 36, 45, 20)

# Image, size, flip, angle in radians, zoom factors of height and width.
GEOMETRY = (
    (0, 36, False, 0.0, 1.0, 1.0),
    (0, 36, True, 0.0, 1.0, 1.0),
    (1, 45, True, 0.0, 1.0, 1.0),
    (0, 36, False, 0.1, 1.0, 1.0),
    (1, 36, False, -0.1256, 1.0, 1.0),
    (0, 45, False, math.pi / 2, 1.0, 1.0),
    (1, 20, False, -2.5, 1.0, 1.0),
    (0, 36, False, 0.0, 0.8, 0.8),
    (1, 36, False, 0.0, 1.2, 1.2),
    (0, 20, False, 0.0, 0.85, 1.15),
    (1, 45, False, 0.0, 1.2, 0.9),
    (0, 20, False, 0.0, 2.7, 3.6),  # reflected more than once
    (0, 36, True, 0.11, 0.9, 1.15),
    (1, 36, False, -0.08, 1.17, 0.83),
    (0, 45, True, -0.12, 1.2, 1.2),
    (1, 20, True, 2.2, 0.6, 1.9),
    (0, 72, True, 0.125, 1.19, 0.86),
)


def draw_images(random):
    """Smooth colours, so that geometry shows as in a picture, and noise, so that pixels count."""
    row, column = np.mgrid[:32, :32] / 32
    waves = [[np.sin(2 * math.pi * (a * row + b * column + c))
              for a, b, c in random.uniform(0.2, 1.5, size=(3, 3))] for _ in range(2)]
    noise = random.uniform(-38, 38, (2, 32, 32, 3))
    pixels = 127 + 90 * np.moveaxis(np.array(waves), 1, -1) + noise
    return np.round(pixels).astype(np.uint8)


def sample(image, x, y, mode):
    """Bilinear by SciPy: the second opinion on each of PyTorch's answers."""
    return np.stack([scipy.ndimage.map_coordinates(image[..., c], [y, x], order=1, mode=mode)
                     for c in range(3)], axis=-1)


def resize(image, size):
    """Bilinear, half-pixel centres, no antialiasing."""
    batch = torch.tensor(image).permute(2, 0, 1)[None]
    resized = F.interpolate(batch, (size, size), mode='bilinear', align_corners=False)
    resized = resized[0].permute(1, 2, 0).numpy()
    y, x = (np.mgrid[:size, :size] + 0.5) * (32 / size) - 0.5
    assert np.allclose(resized, sample(image, x, y, 'nearest'), rtol=0, atol=1e-12)
    return resized


def geometry_matrix(size, flip, angle, zoom_height, zoom_width):
    """From output to input coordinates, as Keras builds them for ImageProjectiveTransform.

    The image is flipped, then rotated, then zoomed, so an output pixel is looked up through the
    zoom first and the flip last."""
    c = (size - 1) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    to_centre = np.array([[1, 0, -c], [0, 1, -c], [0, 0, 1]])
    from_centre = np.array([[1, 0, c], [0, 1, c], [0, 0, 1]])
    zoom = np.diag([zoom_width, zoom_height, 1])
    rotation = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    mirror = np.diag([-1.0 if flip else 1.0, 1, 1])
    return (from_centre @ mirror @ rotation @ zoom @ to_centre)[:2]


def resample(image, matrix):
    """Bilinear; outside, the image is reflected: d c b a | a b c d | d c b a."""
    size = len(image)
    row, column = np.mgrid[:size, :size].astype(np.float64)
    x, y = (m[0] * column + m[1] * row + m[2] for m in matrix)
    grid = torch.tensor((2 * np.stack([x, y], axis=-1) + 1) / size - 1)[None]
    output = F.grid_sample(torch.tensor(image).permute(2, 0, 1)[None], grid, mode='bilinear',
                           padding_mode='reflection', align_corners=False)
    output = output[0].permute(1, 2, 0).numpy()
    assert np.allclose(output, sample(image, x, y, 'reflect'), rtol=0, atol=1e-11)
    return output


def augment_cases():
    images = draw_images(np.random.RandomState(200))
    mean = np.array([129.25, 124.0625, 112.5])
    variance = np.array([4672.75, 4289.5, 5810.125])
    normalized = (images - mean) / np.sqrt(variance)
    resized = {size: [resize(image, size) for image in normalized] for size in RESIZED}

    attributes = {'/': {'channel_mean': mean, 'channel_variance': variance, 'images': len(images),
                        'cases': len(GEOMETRY)}}
    datasets = {'/images': images, '/normalized': rounded(normalized)}
    for size in RESIZED:
        datasets[f'/resized/{size}'] = rounded(resized[size])
    for i, (image, size, flip, angle, zoom_height, zoom_width) in enumerate(GEOMETRY):
        matrix = geometry_matrix(size, flip, angle, zoom_height, zoom_width)
        attributes[f'/geometry/case{i}'] = dict(
            image=image, size=size, flip=int(flip), angle=angle, zoom_height=zoom_height,
            zoom_width=zoom_width, matrix=matrix.reshape(6))
        datasets[f'/geometry/case{i}/output'] = rounded(resample(resized[size][image], matrix))
    check_conventions(resized, datasets)
    return attributes, datasets


def check_conventions(resized, datasets):
    """What the words say, without any matrix: nothing, a mirror image, a quarter turn."""
    for case, expected in ((0, resized[36][0]), (1, resized[36][0][:, ::-1]),
                           # x' = -y, y' = x about the centre: output row r shows column S - 1 - r.
                           (5, np.rot90(resized[45][0]))):
        assert np.allclose(datasets[f'/geometry/case{case}/output'], expected, rtol=0, atol=1e-6)
