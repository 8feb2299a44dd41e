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

double model_forward_flops(const ModelShape *shape) {
    double T = (double)shape->T, D = (double)shape->D, HK = (double)(shape->H * shape->K);
    double patches = T * (double)shape->patch_values * D;
    double projections = 4 * T * D * HK;   /* query, key, value, output */
    double attention = 2 * square(T) * HK; /* q k^T, p v */
    double mlp = T * chain_products(shape->D, &shape->mlp);
    size_t head_out =
        shape->head.count ? shape->head.value[shape->head.count - 1] : shape->features;
    double head =
        chain_products(shape->features, &shape->head) + (double)head_out * (double)shape->classes;
    return 2 * (patches + (double)shape->depth * (projections + attention + mlp) + head);
}

double model_training_flops(const ModelShape *shape) {
    /* Every product C = A B has two more of its size backward: dA = dC B^T and dB = A^T dC. */
    return 3 * model_forward_flops(shape);
}
