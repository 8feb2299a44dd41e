"""RandAugment's operations on pictures of bytes, one by one.

By Pillow where it has the operation, else by the formulas in numpy, in double precision. Pillow
rounds down where the trainer rounds to the nearest level, so results may differ by one. Geometry is
numpy's, since Pillow does not blend the border with what is outside; Pillow is asked about what
lies inside."""
import math

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

# In the order of RandOperation (include/data/vit/rand_augment.h).
OPERATIONS = ('Rotate', 'ShearX', 'ShearY', 'TranslateX', 'TranslateY', 'Color', 'Contrast',
              'Brightness', 'Sharpness', 'Posterize', 'Solarize', 'SolarizeAdd', 'Invert',
              'AutoContrast', 'Equalize')

# Height, width, channels, lowest and highest level, strengths of all operations.
PICTURES = (
    (32, 32, 3, 0, 255, (0.87,)),
    (17, 22, 3, 30, 220, (-0.55, 1.0, -1.0, 0.2, 0.0)),
    (15, 12, 3, 100, 117, (-0.87,)),
    (9, 9, 3, 77, 77, (0.7,)),
    (20, 24, 1, 10, 250, (0.93, -0.4)),
    (14, 9, 2, 0, 200, (-0.81,)),
    (16, 11, 4, 40, 255, (0.64,)),
)


def draw_picture(random, height, width, channels, low, high):
    """Smooth colours with some noise, over all levels from low to high."""
    row, column = np.mgrid[:height, :width] / max(height, width)
    waves = np.stack([np.sin(2 * math.pi * (a * row + b * column + c))
                      for a, b, c in random.uniform(0.2, 1.2, (channels, 3))], axis=-1)
    waves += random.uniform(-0.3, 0.3, waves.shape)
    share = (waves - waves.min()) / (waves.max() - waves.min())
    return np.round(low + share ** 1.5 * (high - low)).astype(np.uint8)


def by_pillow(picture, change):
    """Three channels together, others one by one."""
    if picture.shape[-1] == 3:
        return np.asarray(change(Image.fromarray(picture)))
    return np.stack([np.asarray(change(Image.fromarray(picture[..., c])))
                     for c in range(picture.shape[-1])], axis=-1)


def places(name, shape, strength):
    """(x, y) in the picture for each pixel of the result."""
    height, width = shape[:2]
    row, column = np.mgrid[:height, :width].astype(np.float64)
    y, x = row - (height - 1) / 2, column - (width - 1) / 2
    angle = math.radians(30 * strength)
    moved = {'Rotate': (math.cos(angle) * x - math.sin(angle) * y,
                        math.sin(angle) * x + math.cos(angle) * y),
             'ShearX': (x + 0.3 * strength * y, y),
             'ShearY': (x, y + 0.3 * strength * x),
             'TranslateX': (x + 0.45 * strength * width, y),
             'TranslateY': (x, y + 0.45 * strength * height)}[name]
    return moved[0] + (width - 1) / 2, moved[1] + (height - 1) / 2


def look_up(picture, x, y, fill):
    """Bilinear in a picture that goes on for ever in one colour."""
    height, width = picture.shape[:2]
    wide = max(height, width)
    padded = np.empty((height + 2 * wide, width + 2 * wide, picture.shape[-1]))
    padded[:] = fill
    padded[wide:-wide, wide:-wide] = picture
    x, y = x + wide, y + wide
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, down = (x - left)[..., None], (y - top)[..., None]
    return ((1 - down) * ((1 - right) * padded[top, left] + right * padded[top, left + 1])
            + down * ((1 - right) * padded[top + 1, left] + right * padded[top + 1, left + 1]))


def check_by_pillow(picture, x, y, result):
    """Where all four neighbours are inside. Pillow's coordinates are corners': 1/2 more."""
    matrix = []
    for place in (x, y):
        across, down = place[0, 1] - place[0, 0], place[1, 0] - place[0, 0]
        matrix += [across, down, place[0, 0] + 0.5 - (across + down) / 2]
    height, width = picture.shape[:2]
    other = by_pillow(picture, lambda image: image.transform(
        (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))
    inside = (x >= 0) & (y >= 0) & (x < width - 1) & (y < height - 1)
    assert np.abs(other[inside] - result[inside]).max(initial=0) < 1 + 1e-9


def geometry(name, picture, strength, fill):
    x, y = places(name, picture.shape, strength)
    result = look_up(picture, x, y, fill)
    check_by_pillow(picture, x, y, result)
    return np.rint(result).astype(np.uint8)


def solarize_add(picture, added):
    return np.where(picture < 128, picture + added, picture).astype(np.uint8)


def operate(name, picture, strength, fill):
    factor, u = 1 + 0.9 * strength, abs(strength)
    if name in ('Rotate', 'ShearX', 'ShearY', 'TranslateX', 'TranslateY'):
        return geometry(name, picture, strength, fill)
    if name == 'SolarizeAdd':
        return solarize_add(picture, math.floor(110 * u))
    return by_pillow(picture, {
        'Color': lambda image: ImageEnhance.Color(image).enhance(factor),
        'Contrast': lambda image: ImageEnhance.Contrast(image).enhance(factor),
        'Brightness': lambda image: ImageEnhance.Brightness(image).enhance(factor),
        'Sharpness': lambda image: ImageEnhance.Sharpness(image).enhance(factor),
        'Posterize': lambda image: ImageOps.posterize(image, 4 - math.floor(4 * u)),
        'Solarize': lambda image: ImageOps.solarize(image, 256 - math.floor(256 * u)),
        'Invert': ImageOps.invert,
        'AutoContrast': ImageOps.autocontrast,
        'Equalize': ImageOps.equalize,
    }[name])


def ops_cases():
    random = np.random.RandomState(300)
    attributes, datasets, cases = {}, {}, 0
    for i, (height, width, channels, low, high, strengths) in enumerate(PICTURES):
        picture = draw_picture(random, height, width, channels, low, high)
        fill = picture.mean((0, 1)) + random.uniform(-5, 5, channels)
        datasets[f'/images/{i}'] = picture
        attributes[f'/images/{i}'] = {'height': height, 'width': width, 'channels': channels,
                                      'fill': fill}
        for strength in strengths:
            for number, name in enumerate(OPERATIONS):
                datasets[f'/operations/case{cases}'] = operate(name, picture, strength, fill)
                attributes[f'/operations/case{cases}'] = {'image': i, 'operation': number,
                                                          'strength': strength}
                cases += 1
    attributes['/'] = {'images': len(PICTURES), 'cases': cases}
    return attributes, datasets
