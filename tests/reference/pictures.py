"""Encoded pictures of all kinds with what Pillow makes of them, and pictures that it resized.

JPEG and WebP files are Pillow's, some JPEGs with bytes of their headers changed into a kind that it does not write;
PNG files are put together here, since it writes few kinds."""
import io
import struct
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps

ADOBE = b'\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00'  # its last byte, the transform, follows
ORIENTATION = 0x0112
warnings.filterwarnings('ignore', 'Palette images with Transparency', UserWarning)


def draw(random, height, width, channels):
    """Slopes, edges and noise."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(random.randint(2, 9) * x + random.randint(-9, 9) * y) % 256 // random.randint(1, 3)
              + random.randint(0, 40, (height, width)) for _ in range(channels)]
    return np.stack(planes, -1).clip(0, 255).astype(np.uint8)


def image_of(pixels):
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


# ---- JPEG ----

def jpeg(pixels, mode=None, **options):
    file = io.BytesIO()
    image = image_of(pixels) if mode is None else Image.fromarray(pixels, mode)
    image.save(file, 'JPEG', **options)
    return file.getvalue()


def segments(data):
    """Offset, marker and bytes of those before the first scan."""
    at = 2
    while data[at + 1] != 0xda:
        length = 2 + int.from_bytes(data[at + 2:at + 4], 'big')
        yield at, data[at + 1], data[at:at + length]
        at += length


def without(data, *markers):
    for _, marker, segment in list(segments(data)):
        if marker in markers:
            data = data.replace(segment, b'', 1)
    return data


def with_sampling(data, sampling, height, width):
    """The first component's sampling factors and the size: the same blocks, put elsewhere."""
    start = next(at for at, marker, _ in segments(data) if marker == 0xc0)
    changed = bytearray(data)
    changed[start + 5:start + 9] = struct.pack('>HH', height, width)
    changed[start + 11] = sampling
    return bytes(changed)


def exif(orientation, big_endian=False, kind='H'):
    order = '>' if big_endian else '<'
    types = {'B': 1, 'H': 3, 'L': 4}
    entry = struct.pack(order + 'HHI' + kind, ORIENTATION, types[kind], 1, orientation)
    other = struct.pack(order + 'HHII', 0x0100, 4, 1, 13)  # a width
    return (b'MM\0*' if big_endian else b'II*\0') + struct.pack(order + 'IH', 8, 2) + other \
        + entry.ljust(12, b'\0') + bytes(4)


def jpeg_kinds(random):
    colour, grey = draw(random, 21, 27, 3), draw(random, 11, 19, 1)
    inks = draw(random, 11, 18, 4)
    small = draw(random, 9, 13, 3)
    full, wide, both = (jpeg(colour, subsampling=i, quality=85) for i in range(3))
    cmyk = jpeg(inks, 'CMYK', quality=85)
    assert ADOBE + b'\0' in cmyk
    yield 'grey', jpeg(grey)
    yield 'progressive grey', jpeg(grey, progressive=True)
    yield '4:4:4', full
    yield '4:2:2', wide
    yield '4:2:0', both
    yield '4:4:0', with_sampling(wide, 0x12, 27, 21)
    yield '4:1:1', with_sampling(both, 0x41, 13, 61)
    yield 'progressive 4:2:0', jpeg(colour, progressive=True, quality=90)
    yield 'best quality', jpeg(small, quality=100)
    yield 'worst quality', jpeg(small, quality=1)
    yield 'red green blue', full[:2] + ADOBE + b'\0' + without(full, 0xe0)[2:]
    yield 'inks, Adobe', cmyk
    yield 'inks, no Adobe', without(cmyk, 0xee)
    yield 'inks as YCCK', cmyk.replace(ADOBE + b'\0', ADOBE + b'\2')
    yield 'progressive inks', jpeg(inks, 'CMYK', progressive=True)
    yield 'a profile that is none', jpeg(small, icc_profile=b'nothing')
    yield 'bytes between segments', full[:2] + full[2:].replace(b'\xff\xdb', b'\0\0\xff\xdb', 1)
    yield 'bytes after the end', full + b'and more'
    yield '1 x 1', jpeg(draw(random, 1, 1, 3))
    yield '1 x 17', jpeg(draw(random, 1, 17, 3))
    yield '17 x 1', jpeg(draw(random, 17, 1, 3))
    for turn in range(10):
        yield f'orientation {turn}', jpeg(small, exif=b'Exif\0\0' + exif(turn))
    yield 'big-endian orientation 6', jpeg(grey, exif=b'Exif\0\0' + exif(6, True))
    yield 'long orientation 8', jpeg(small, exif=b'Exif\0\0' + exif(8, True, 'L'))
    yield 'byte orientation 5', jpeg(inks, 'CMYK', exif=b'Exif\0\0' + exif(5, False, 'B'))


# ---- PNG ----

GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def rows(samples, bits):
    """Each with filter type 0."""
    packed = b''
    for row in samples:
        if bits == 16:
            line = row.astype('>u2').tobytes()
        else:
            places = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - bits:]
            line = np.packbits(places).tobytes()
        packed += b'\0' + line
    return packed


def png(random, kind, bits, interlaced=False, before=b'', after=b'', size=(13, 11)):
    height, width = size
    samples = random.randint(0, 1 << bits, (height, width, CHANNELS[kind]))
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    data = b''.join(rows(samples[y::down, x::across], bits) for y, x, down, across in passes
                    if samples[y::down, x::across].size)
    header = struct.pack('>IIBBBBB', width, height, bits, kind, 0, 0, interlaced)
    palette = random.bytes(3 << bits) if kind == PALETTE else b''
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + (chunk(b'PLTE', palette) if palette else b'') \
        + before + chunk(b'IDAT', zlib.compress(data, 9)) + after + chunk(b'IEND', b'')


def filtered_png(random):
    file = io.BytesIO()
    image_of(draw(random, 15, 17, 3)).save(file, 'PNG')
    return file.getvalue()


def png_kinds(random):
    for interlaced in (False, True):
        more = ', interlaced' if interlaced else ''
        for bits in (1, 2, 4, 8, 16):
            yield f'grey {bits}{more}', png(random, GREY, bits, interlaced)
        for bits in (1, 2, 4, 8):
            yield f'palette {bits}{more}', png(random, PALETTE, bits, interlaced)
        for bits in (8, 16):
            yield f'grey {bits} and alpha{more}', png(random, GREY_ALPHA, bits, interlaced)
            yield f'colour {bits}{more}', png(random, COLOUR, bits, interlaced)
            yield f'colour {bits} and alpha{more}', png(random, COLOUR_ALPHA, bits, interlaced)
    yield 'filtered', filtered_png(random)
    yield 'palette 4 with alpha', png(random, PALETTE, 4, before=chunk(b'tRNS', random.bytes(16)))
    yield 'palette 1 with alpha', png(random, PALETTE, 1, before=chunk(b'tRNS', b'\0'))
    yield 'grey 8, one transparent', png(random, GREY, 8, before=chunk(b'tRNS', b'\0\x50'))
    yield 'colour 8, one transparent', png(random, COLOUR, 8, before=chunk(b'tRNS', bytes(6)))
    yield 'gamma', png(random, COLOUR, 8, before=chunk(b'gAMA', struct.pack('>I', 100000)))
    yield 'gamma 16', png(random, COLOUR_ALPHA, 16, before=chunk(b'gAMA', struct.pack('>I', 20000)))
    yield 'a profile that is none', png(random, COLOUR, 8, before=chunk(b'sRGB', b'\x09'))
    yield 'two data chunks', png(random, GREY, 8, before=chunk(b'IDAT', b''))
    yield 'orientation 6', png(random, COLOUR, 8, before=chunk(b'eXIf', exif(6)), size=(9, 13))
    yield 'orientation 7', png(random, PALETTE, 2, before=chunk(b'eXIf', exif(7, True)), size=(9, 13))
    yield 'orientation 3 at the end', png(random, GREY, 8, after=chunk(b'eXIf', exif(3)), size=(9, 13))
    yield '1 x 1', png(random, COLOUR, 8, size=(1, 1))
    yield '2 x 1, interlaced', png(random, COLOUR, 8, True, size=(2, 1))


# ---- WebP ----

def webp(pixels, mode=None, **options):
    file = io.BytesIO()
    Image.fromarray(pixels, mode).save(file, 'WEBP', **options)
    return file.getvalue()


def webp_kinds(random):
    colour, small, clear = draw(random, 21, 27, 3), draw(random, 9, 13, 3), draw(random, 12, 10, 4)
    yield 'lossy', webp(small, quality=60)
    yield 'lossless', webp(small, lossless=True)
    yield 'lossy, odd size', webp(colour, quality=90)
    yield 'best quality', webp(colour, quality=100)
    yield 'worst quality', webp(colour, quality=1)
    yield 'lossy with alpha', webp(clear, 'RGBA', quality=80)
    yield 'lossless with alpha, exact', webp(clear, 'RGBA', lossless=True, exact=True)
    yield '1 x 1', webp(draw(random, 1, 1, 3))
    yield '1 x 17', webp(draw(random, 1, 17, 3))
    yield 'orientation 5', webp(small, exif=exif(5))
    yield 'orientation 6 as in a JPEG', webp(small, lossless=True, exif=b'Exif\0\0' + exif(6, True))
    yield 'orientation 8 with alpha', webp(clear, 'RGBA', exif=exif(8))
    yield 'orientation 3', webp(small, exif=exif(3))


# ---- what Pillow makes of them ----

def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    if image.mode == 'I':  # 16-bit grey, which Pillow would clip at 255: the upper byte
        turned = ImageOps.exif_transpose(image)
        return image, Image.fromarray((np.asarray(turned) >> 8).astype(np.uint8))
    return image, ImageOps.exif_transpose(image)


def decoded(image, mode):
    pixels = np.asarray(image.convert(mode))
    return pixels.reshape(*pixels.shape[:2], -1)


# Height, width, channels; new height and width.
RESIZED = [(40, 30, 3, 8, 9), (13, 9, 1, 32, 32), (29, 37, 3, 29, 16), (29, 37, 1, 10, 37),
           (1, 50, 3, 7, 3), (16, 16, 3, 16, 16), (70, 60, 1, 7, 11), (7, 5, 4, 3, 9),
           (33, 41, 2, 12, 15), (28, 28, 1, 32, 24), (3, 200, 3, 2, 2), (2, 190, 1, 5, 180), (1, 1, 3, 5, 4),
           (17, 13, 4, 1, 1), (600, 2, 1, 9, 3), (5, 171, 4, 4, 171)]


def resized(pixels, height, width):
    """Each channel on its own, as Pillow does where none is alpha."""
    planes = [np.asarray(Image.fromarray(pixels[:, :, c]).resize((width, height), Image.Resampling.BILINEAR))
              for c in range(pixels.shape[2])]
    result = np.stack(planes, -1)
    if pixels.shape[2] == 3:
        whole = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
        assert np.array_equal(result, np.asarray(whole))
    return result


def add_resized(random, datasets):
    for i, (height, width, channels, new_height, new_width) in enumerate(RESIZED):
        pixels = draw(random, height, width, channels)
        if i % 4 == 3:
            pixels = np.where(pixels > 100, 255, 0).astype(np.uint8)
        datasets[f'/from/{i}'] = pixels
        datasets[f'/to/{i}'] = resized(pixels, new_height, new_width)


def add_files(kinds, attributes, datasets):
    for i, (name, data) in enumerate(kinds):
        image, turned = opened(data)
        datasets[f'/file/{i}'] = np.frombuffer(data, np.uint8)
        datasets[f'/colour/{i}'] = decoded(turned, 'RGB')
        datasets[f'/grey/{i}'] = decoded(turned, 'L')
        attributes[f'/file/{i}'] = {'name': name, 'stored_height': image.height,
                                    'stored_width': image.width}


def picture_cases():
    random = np.random.RandomState(400)
    attributes, datasets = {}, {}
    kinds = [('JPEG, ' + name, data) for name, data in jpeg_kinds(random)]
    kinds += [('PNG, ' + name, data) for name, data in png_kinds(random)]
    add_files(kinds, attributes, datasets)
    add_resized(random, datasets)
    attributes['/'] = {'files': len(kinds), 'resized': len(RESIZED)}
    return attributes, datasets


def webp_cases():
    attributes, datasets = {}, {}
    kinds = [('WebP, ' + name, data) for name, data in webp_kinds(np.random.RandomState(401))]
    add_files(kinds, attributes, datasets)
    attributes['/'] = {'files': len(kinds)}
    return attributes, datasets
