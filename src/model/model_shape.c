#include "vit/model_shape.h"

static double square(double x) {
    return x * x;
}

ModelShape model_shape(const Job *job, size_t channels, size_t classes) {
    size_t patches_a_side = job->image_size / job->patch_size;
    ModelShape shape = {
        .image_size = job->image_size,
        .patch_size = job->patch_size,
        .channels = channels,
        .T = patches_a_side * patches_a_side,
        .patch_values = job->patch_size * job->patch_size * channels,
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

ModelProducts model_products(const ModelShape *shape, bool folded) {
    const double T = (double)shape->T, D = (double)shape->D, K = (double)shape->K;
    const double depth = (double)shape->depth, heads = depth * (double)shape->H;
    const size_t head_out = model_head_width(shape, shape->head.count);
    return (ModelProducts){
        .embed = T * (double)shape->patch_values * D,
        /* Query, key, value, output; or x M and x N. */
        .project = heads * T * D * (folded ? 2 * D : 4 * K),
        .attend = heads * 2 * square(T) * (folded ? D : K),
        .mlp = depth * T * chain_products(shape->D, &shape->mlp),
        .head = chain_products(shape->features, &shape->head) +
                (double)head_out * (double)shape->classes,
    };
}

size_t model_head_layers(const ModelShape *shape) {
    return shape->head.count + 1;
}

size_t model_head_width(const ModelShape *shape, size_t j) {
    if (j == 0)
        return shape->features;
    return j <= shape->head.count ? shape->head.value[j - 1] : shape->classes;
}

bool model_layer_is_fat(size_t in, size_t out, size_t batch_size) {
    return in * out >= batch_size * (in + out);
}

bool model_folds_attention(const ModelShape *shape) {
    const ModelProducts folded = model_products(shape, true), plain = model_products(shape, false);
    return folded.project + folded.attend < plain.project + plain.attend;
}

static double forward_flops(const ModelShape *shape, bool folded) {
    const ModelProducts p = model_products(shape, folded);
    return 2 * (p.embed + p.project + p.attend + p.mlp + p.head);
}

double model_forward_flops(const ModelShape *shape) {
    return forward_flops(shape, false);
}

double model_training_flops(const ModelShape *shape) {
    /* Every product C = A B has two more of its size backward: dA = dC B^T and dB = A^T dC. */
    return 3 * model_forward_flops(shape);
}

double model_executed_flops(const ModelShape *shape) {
    return 3 * forward_flops(shape, model_folds_attention(shape));
}
