"""Both decay rules of AdamW in double precision."""
import math

import numpy as np
import torch

# tfa with the defaults' betas, where 1 - beta2 is delicate; strong decay and a large epsilon, so that a
# misplaced one shows after a few steps.
RULES = {
    'tfa': dict(learning_rate=0.02, weight_decay=0.003, beta1=0.9, beta2=0.999, epsilon=1e-3),
    'torch': dict(learning_rate=0.03, weight_decay=0.2, beta1=0.8, beta2=0.95, epsilon=2e-3),
}
STEPS, COUNT = 10, 101


def draw_gradients(random):
    """Magnitudes from 1e-5 (epsilon dominates) to 10; a tenth, and one value's all, are zero."""
    gradients = random.standard_normal((STEPS, COUNT)) * 10 ** random.uniform(-5, 1, size=COUNT)
    gradients[random.uniform(size=gradients.shape) < 0.1] = 0
    gradients[:, 0] = 0
    return gradients.astype(np.float32).astype(np.float64)


def formula_steps(name, weights, gradients):
    """Weights, m and v before the first step and after each, by the published formulas."""
    rule = RULES[name]
    rate, decay, epsilon = rule['learning_rate'], rule['weight_decay'], rule['epsilon']
    beta1, beta2 = rule['beta1'], rule['beta2']
    w, m, v = weights.copy(), np.zeros(COUNT), np.zeros(COUNT)
    yield w.copy(), m, v
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        if name == 'tfa':  # TensorFlow Addons: decay without the rate, then TensorFlow's Adam
            w -= decay * w
            w -= rate * math.sqrt(1 - beta2 ** t) / (1 - beta1 ** t) * m / (np.sqrt(v) + epsilon)
        else:
            w -= rate * decay * w
            w -= rate * (m / (1 - beta1 ** t)) / (np.sqrt(v / (1 - beta2 ** t)) + epsilon)
        yield w.copy(), m, v


def torch_steps(name, weights, gradients):
    """The same by PyTorch's optimizers."""
    rule = RULES[name]
    w = torch.tensor(weights, requires_grad=True)
    options = dict(lr=rule['learning_rate'], betas=(rule['beta1'], rule['beta2']))
    if name == 'torch':
        adam = torch.optim.AdamW([w], weight_decay=rule['weight_decay'], eps=rule['epsilon'],
                                 **options)
    else:
        adam = torch.optim.Adam([w], **options)
    yield weights, np.zeros(COUNT), np.zeros(COUNT)
    for t, g in enumerate(gradients, 1):
        if name == 'tfa':
            w.data.mul_(1 - rule['weight_decay'])
            # PyTorch divides sqrt(v) by its bias correction before it adds epsilon.
            adam.param_groups[0]['eps'] = rule['epsilon'] / math.sqrt(1 - rule['beta2'] ** t)
        w.grad = torch.tensor(g)
        adam.step()
        state = adam.state[w]
        yield tuple(x.detach().numpy().copy() for x in (w, state['exp_avg'], state['exp_avg_sq']))


def adamw_case(name):
    random = np.random.RandomState(100 + len(name))
    weights = random.standard_normal(COUNT).astype(np.float32).astype(np.float64)
    gradients = draw_gradients(random)
    steps = list(torch_steps(name, weights, gradients))
    for one, other in zip(steps, formula_steps(name, weights, gradients)):
        assert np.allclose(one, other, rtol=1e-12, atol=1e-14)
    w, m, v = (np.stack(rows) for rows in zip(*steps))
    return ({'/': {'decay_rule': name, **RULES[name], 'steps': STEPS}},
            {'/gradient': gradients, '/weights': w, '/m': m, '/v': v})
