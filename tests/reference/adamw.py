"""Both decay rules of AdamW in double precision."""
import math

import numpy as np
import torch

# Strong decay and a large epsilon, so that a misplaced one shows after a few steps.
RULES = {
    'tfa': dict(learning_rate=0.02, weight_decay=0.003, beta1=0.85, beta2=0.97, epsilon=1e-3),
    'torch': dict(learning_rate=0.03, weight_decay=0.2, beta1=0.8, beta2=0.95, epsilon=2e-3),
}
STEPS, COUNT = 10, 101


def draw_gradients(random):
    """Magnitudes from 1e-5 (epsilon dominates) to 10; a tenth, and one value's all, are zero."""
    gradients = random.standard_normal((STEPS, COUNT)) * 10 ** random.uniform(-5, 1, size=COUNT)
    gradients[random.uniform(size=gradients.shape) < 0.1] = 0
    gradients[:, 0] = 0
    return gradients.astype(np.float32).astype(np.float64)


def tfa_steps(rule, weights, gradients):
    """TensorFlow Addons' AdamW: decay without the learning rate, then TensorFlow's Adam."""
    w, m, v = weights.copy(), np.zeros(COUNT), np.zeros(COUNT)
    beta1, beta2 = rule['beta1'], rule['beta2']
    yield w.copy(), m, v
    for t, g in enumerate(gradients, 1):
        w -= rule['weight_decay'] * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        rate = rule['learning_rate'] * math.sqrt(1 - beta2 ** t) / (1 - beta1 ** t)
        w -= rate * m / (np.sqrt(v) + rule['epsilon'])
        yield w.copy(), m, v


def torch_steps(optimizer, before_step, weights, gradients):
    """A PyTorch optimizer's states. before_step(parameter, group, t) may change both."""
    w = torch.tensor(weights, requires_grad=True)
    adam = optimizer([w])
    yield weights, np.zeros(COUNT), np.zeros(COUNT)
    for t, g in enumerate(gradients, 1):
        before_step(w.data, adam.param_groups[0], t)
        w.grad = torch.tensor(g)
        adam.step()
        state = adam.state[w]
        yield tuple(x.detach().numpy().copy() for x in (w, state['exp_avg'], state['exp_avg_sq']))


def tfa_steps_by_torch(rule, weights, gradients):
    """The tfa rule once more, by an Adam which corrects sqrt(v) before it adds epsilon."""

    def before_step(w, group, t):
        w.mul_(1 - rule['weight_decay'])
        group['eps'] = rule['epsilon'] / math.sqrt(1 - rule['beta2'] ** t)

    return torch_steps(lambda w: torch.optim.Adam(w, lr=rule['learning_rate'],
                                                  betas=(rule['beta1'], rule['beta2'])),
                       before_step, weights, gradients)


def adamw_case(name):
    rule, random = RULES[name], np.random.RandomState(100 + len(name))
    weights = random.standard_normal(COUNT).astype(np.float32).astype(np.float64)
    gradients = draw_gradients(random)
    if name == 'tfa':
        steps = list(tfa_steps(rule, weights, gradients))
        for one, other in zip(steps, tfa_steps_by_torch(rule, weights, gradients)):
            assert np.allclose(one, other, rtol=1e-12, atol=1e-14)
    else:
        steps = torch_steps(lambda w: torch.optim.AdamW(w, lr=rule['learning_rate'],
                                                        betas=(rule['beta1'], rule['beta2']),
                                                        eps=rule['epsilon'],
                                                        weight_decay=rule['weight_decay']),
                            lambda w, group, t: None, weights, gradients)
    w, m, v = (np.stack(rows) for rows in zip(*steps))
    return ({'/': {'decay_rule': name, **rule, 'steps': STEPS}},
            {'/gradient': gradients, '/weights': w, '/m': m, '/v': v})
