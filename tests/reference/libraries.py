"""Vision transformers with the state dicts of timm's VisionTransformer and of Hugging Face's
ViTForImageClassification, in PyTorch, double precision: tensors as a safetensors file, and logits.

Names and shapes are those of timm/models/vision_transformer.py and transformers 4.x,
models/vit/modeling_vit.py.
"""
import json
import struct

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from model import NORM_EPSILON, coarse_normal

# Odd widths, a grid of 3 x 3 that leaves two rows and columns of the picture out.
SIZE = dict(image_size=14, patch_size=4, channels=3, dim=15, depth=2, heads=3, hidden=22, classes=7,
            batch=3)

# The class token of 'mean' is none.
CASES = {'timm_class': ('timm', 'class'), 'timm_mean': ('timm', 'mean'),
         'hugging_face': ('hugging_face', 'class')}


def module(**members):
    """A part of a model: other parts and parameters by name."""
    part = nn.Module()
    for name, member in members.items():
        setattr(part, name, member)
    return part


def norm():
    return nn.LayerNorm(SIZE['dim'], eps=NORM_EPSILON)


def patches():
    return nn.Conv2d(SIZE['channels'], SIZE['dim'], SIZE['patch_size'], SIZE['patch_size'])


def tokens_of(pool):
    """Position and class token as parameters."""
    grid, dim = (SIZE['image_size'] // SIZE['patch_size']) ** 2, SIZE['dim']
    position = nn.Parameter(torch.empty(1, grid + (pool == 'class'), dim))
    return position, nn.Parameter(torch.empty(1, 1, dim)) if pool == 'class' else None


def attend(query, key, value):
    """[B, T, D] each: heads side by side."""
    split = [x.unflatten(2, (SIZE['heads'], -1)).transpose(1, 2) for x in (query, key, value)]
    scores = split[0] @ split[1].transpose(2, 3) / split[0].shape[3] ** 0.5
    return (scores.softmax(3) @ split[2]).transpose(1, 2).flatten(2)


def embed(images, convolution, position, class_token):
    x = convolution(images).flatten(2).transpose(1, 2)
    if class_token is not None:
        x = torch.cat([class_token.expand(len(x), 1, -1), x], 1)
    return x + position


def timm_model(pool):
    dim, hidden = SIZE['dim'], SIZE['hidden']
    position, class_token = tokens_of(pool)
    blocks = [module(norm1=norm(), attn=module(qkv=nn.Linear(dim, 3 * dim), proj=nn.Linear(dim, dim)),
                     norm2=norm(), mlp=module(fc1=nn.Linear(dim, hidden), fc2=nn.Linear(hidden, dim)))
              for _ in range(SIZE['depth'])]
    model = module(pos_embed=position, patch_embed=module(proj=patches()),
                   blocks=nn.ModuleList(blocks), norm=norm(), head=nn.Linear(dim, SIZE['classes']))
    model.cls_token = class_token
    return model


def timm_logits(model, pool, images):
    x = embed(images, model.patch_embed.proj, model.pos_embed, model.cls_token)
    for block in model.blocks:
        x = x + block.attn.proj(attend(*block.attn.qkv(block.norm1(x)).chunk(3, 2)))
        x = x + block.mlp.fc2(F.gelu(block.mlp.fc1(block.norm2(x))))
    x = model.norm(x)
    return model.head(x[:, 0] if pool == 'class' else x.mean(1))


def hugging_face_model(pool):
    dim, hidden = SIZE['dim'], SIZE['hidden']
    position, class_token = tokens_of(pool)

    def layer():
        attention = module(query=nn.Linear(dim, dim), key=nn.Linear(dim, dim),
                           value=nn.Linear(dim, dim))
        return module(layernorm_before=norm(), layernorm_after=norm(),
                      attention=module(attention=attention,
                                       output=module(dense=nn.Linear(dim, dim))),
                      intermediate=module(dense=nn.Linear(dim, hidden)),
                      output=module(dense=nn.Linear(hidden, dim)))

    layers = nn.ModuleList(layer() for _ in range(SIZE['depth']))
    embeddings = module(cls_token=class_token, position_embeddings=position,
                        patch_embeddings=module(projection=patches()))
    return module(vit=module(embeddings=embeddings, encoder=module(layer=layers), layernorm=norm()),
                  classifier=nn.Linear(dim, SIZE['classes']))


def hugging_face_logits(model, pool, images):
    first = model.vit.embeddings
    x = embed(images, first.patch_embeddings.projection, first.position_embeddings, first.cls_token)
    for layer in model.vit.encoder.layer:
        y, own = layer.layernorm_before(x), layer.attention.attention
        y = attend(own.query(y), own.key(y), own.value(y))
        x = x + layer.attention.output.dense(y)
        y = layer.intermediate.dense(layer.layernorm_after(x))
        x = x + layer.output.dense(F.gelu(y))
    assert pool == 'class'
    return model.classifier(model.vit.layernorm(x)[:, 0])


MODELS = {'timm': (timm_model, timm_logits),
          'hugging_face': (hugging_face_model, hugging_face_logits)}


def draw(model, pool, random):
    """Values that keep activations near 1, exact in fp32. A class token has no position."""
    for name, value in model.named_parameters():
        inputs = np.prod(value.shape[1:]) if value.dim() > 1 else 1
        drawn = coarse_normal(random, tuple(value.shape),
                              0.25 if value.dim() in (1, 3) else 1 / np.sqrt(inputs))
        if 'norm' in name and name.endswith('weight'):
            drawn = 1 + drawn
        if 'pos' in name and pool == 'class':
            drawn[:, 0] = 0
        value.data = torch.tensor(drawn)


def safetensors(tensors):
    """The bytes of a file: github.com/huggingface/safetensors, README."""
    header, values = {'__metadata__': {'format': 'pt'}}, b''
    for name, tensor in tensors.items():
        stored = tensor.numpy().astype('<f4')
        assert np.array_equal(stored, tensor.numpy())
        header[name] = {'dtype': 'F32', 'shape': list(stored.shape),
                        'data_offsets': [len(values), len(values) + stored.nbytes]}
        values += stored.tobytes()
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    return np.frombuffer(struct.pack('<Q', len(text)) + text + values, np.uint8)


def job_text(pool):
    return (f"[augment]\nimage_size = {SIZE['image_size']}\n[model]\n"
            f"patch_size = {SIZE['patch_size']}\ndim = {SIZE['dim']}\ndepth = {SIZE['depth']}\n"
            f"heads = {SIZE['heads']}\nkey_dim = {SIZE['dim'] // SIZE['heads']}\n"
            f"mlp = {SIZE['hidden']},{SIZE['dim']}\nmlp_end = linear\nhead = none\npool = {pool}\n")


def library_cases():
    """(attributes by object, datasets by path)."""
    attributes, datasets = {}, {}
    for seed, (name, (library, pool)) in enumerate(CASES.items(), 101):
        random = np.random.RandomState(seed)
        make, logits = MODELS[library]
        model = make(pool)
        draw(model, pool, random)
        shape = (SIZE['batch'], SIZE['channels'], SIZE['image_size'], SIZE['image_size'])
        images = coarse_normal(random, shape, 1.0)
        with torch.no_grad():
            datasets[f'/{name}/logits'] = logits(model, pool, torch.tensor(images)).numpy()
        datasets[f'/{name}/images'] = images.astype(np.float32)
        datasets[f'/{name}/file'] = safetensors(model.state_dict())
        attributes[f'/{name}'] = {'job': job_text(pool), 'classes': SIZE['classes'],
                                  'batch': SIZE['batch']}
    return attributes, datasets
