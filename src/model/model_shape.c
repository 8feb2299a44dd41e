#include "vit/model_shape.h"

enum { COLOUR_CHANNELS = 3 };

static double square(double x) {
    return x * x;
}

ModelShape model_shape(const Job *job, size_t classes) {
    size_t patches_a_side = job->image_size / job->patch_size;
    ModelShape shape = {
        .image_size = job->image_size,
        .patch_size = job->patch_size,
        .T = patches_a_side * patches_a_side,
        .patch_values = job->patch_size * job->patch_size * COLOUR_CHANNELS,
        .D = job->dim,
        .H = job->heads,
        .K = job->key_dim,
        .depth = job->depth,
        .mlp = job->mlp,
        .head = job->head,
        .pool = job->pool,
        .classes = classes,
        .dropout = job->dropout,
        .head_dropout = job->head_dropout,
    };
    shape.features = shape.pool == POOL_FLATTEN ? shape.T * shape.D : shape.D;
    return shape;
}

/* Multiplications of one image's row through dense layers of the given widths, one after another.
 */
static double chain_products(size_t in, const SizeList *widths) {
    double products = 0;
    for (size_t i = 0; i < widths->count; i++) {
        products += (double)in * (double)widths->value[i];
        in = widths->value[i];
    }
    return products;
}

/* Of one image's attention, in one block and one head: by projections (query, key, value, output;
 * q k^T, p v), and folded. */
static double projected_products(const ModelShape *shape) {
    const double T = (double)shape->T, D = (double)shape->D, K = (double)shape->K;
    return 4 * T * D * K + 2 * square(T) * K;
}

static double folded_products(const ModelShape *shape) {
    const double T = (double)shape->T, D = (double)shape->D;
    return 2 * T * square(D) + 2 * square(T) * D;
}

bool model_folds_attention(const ModelShape *shape) {
    return folded_products(shape) < projected_products(shape);
}

static double forward_flops(const ModelShape *shape, double head_products) {
    const double T = (double)shape->T;
    const double patches = T * (double)shape->patch_values * (double)shape->D;
    const double attention = (double)shape->H * head_products;
    const double mlp = T * chain_products(shape->D, &shape->mlp);
    const size_t head_out =
        shape->head.count ? shape->head.value[shape->head.count - 1] : shape->features;
    const double head =
        chain_products(shape->features, &shape->head) + (double)head_out * (double)shape->classes;
    return 2 * (patches + (double)shape->depth * (attention + mlp) + head);
}

double model_forward_flops(const ModelShape *shape) {
    return forward_flops(shape, projected_products(shape));
}

double model_training_flops(const ModelShape *shape) {
    /* Every product C = A B has two more of its size backward: dA = dC B^T and dB = A^T dC. */
    return 3 * model_forward_flops(shape);
}

double model_executed_flops(const ModelShape *shape) {
    return 3 * forward_flops(shape, model_folds_attention(shape) ? folded_products(shape)
                                                                 : projected_products(shape));
}
