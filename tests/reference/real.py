#!/usr/bin/python3
"""The recipes' models in their real sizes against PyTorch in double, by hand:

    real.py TEST_REFERENCE [NAME...]    build/tests/test_reference; NAME: of SIZES, or all

Draws weights and a few images from a seed, and has the tests' program compare logits, loss with
soft targets and every gradient with PyTorch's, as it does for the tiny models of generate.py.
Exit code 77 where PyTorch or h5py is missing.
"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import model
    from stored import write
except ImportError as missing:
    print(f'not compared: {missing}')
    sys.exit(77)

# Two units: of four images, and of two.
COMMON = dict(image_size=32, key_dim=64, mlp_end='linear', head=(), classes=100, batch=6,
              label_smoothing=0.1, share=(0.7, 0.7, 0.7, 0.7, 0.1875, 0.1875))
CONVOLUTIONS = dict(tokenizer='convolution', convolution_widths=(64,), pool='sequence', **COMMON)
SIZES = {
    'small': dict(dim=128, depth=4, heads=2, mlp=(256, 128), mlp_convolution=3, **CONVOLUTIONS),
    'plain': dict(dim=128, depth=4, heads=2, mlp=(128, 128), **CONVOLUTIONS),
    'large': dict(dim=256, depth=6, heads=4, mlp=(512, 256), mlp_convolution=3, **CONVOLUTIONS),
    'class-token': dict(patch_size=4, dim=192, depth=9, heads=3, mlp=(384, 192), pool='class',
                        **COMMON),
}


def main():
    names = sys.argv[2:] or list(SIZES)
    if len(sys.argv) < 2 or not set(names) <= set(SIZES):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder) / f'{name}.h5' for name in names]
        for name, file in zip(names, files):
            write(file, *model.model_case(SIZES[name], 1))
        sys.exit(subprocess.run([sys.argv[1], *files]).returncode)


if __name__ == '__main__':
    main()
