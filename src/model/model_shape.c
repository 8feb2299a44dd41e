#include "vit/model_shape.h"

#include "vit/size.h"

static double square(double x) {
    return x * x;
}

ModelShape model_shape(const Job *job, size_t channels, size_t classes) {
    const bool convolution = job->tokenizer == TOKENIZER_CONVOLUTION;
    ModelShape shape = {
        .image_size = job->image_size,
        .channels = channels,
        .tokenizer = job->tokenizer,
        .patch_size = job->patch_size,
        .patch_values = job->patch_size * job->patch_size * channels,
        .convolutions = convolution ? job->convolution_widths.count + 1 : 0,
        .convolution_widths = job->convolution_widths,
        .position = job->position,
        .class_tokens = job->pool == POOL_CLASS,
        .D = job->dim,
        .H = job->heads,
        .K = job->key_dim,
        .depth = job->depth,
        .mlp = job->mlp,
        .mlp_end = job->mlp_end,
        .mlp_convolution = job->mlp_convolution,
        .head = job->head,
        .pool = job->pool,
        .classes = classes,
        .dropout = job->dropout,
        .attention_dropout = job->attention_dropout,
        .head_dropout = job->head_dropout,
        .stochastic_depth = job->stochastic_depth,
        .initial = job->initial,
    };
    shape.grid = convolution ? model_convolution_side(&shape, shape.convolutions)
                             : job->image_size / job->patch_size;
    shape.T = shape.class_tokens + shape.grid * shape.grid;
    shape.features = shape.pool == POOL_FLATTEN ? shape.T * shape.D : shape.D;
    return shape;
}

size_t model_convolution_width(const ModelShape *shape, size_t i) {
    if (i == 0)
        return shape->channels;
    return i < shape->convolutions ? shape->convolution_widths.value[i - 1] : shape->D;
}

size_t model_convolution_side(const ModelShape *shape, size_t i) {
    size_t side = shape->image_size;
    for (size_t j = 0; j < i; j++)
        side = size_groups(side, 2);
    return side;
}

/* Multiplications of one image through a convolution of the tokenizer. */
static double convolution_products(const ModelShape *shape, size_t i) {
    return square((double)model_convolution_side(shape, i)) * 9 *
           (double)model_convolution_width(shape, i) *
           (double)model_convolution_width(shape, i + 1);
}

double model_first_products(const ModelShape *shape) {
    if (shape->tokenizer == TOKENIZER_CONVOLUTION)
        return convolution_products(shape, 0);
    return square((double)shape->grid) * (double)shape->patch_values * (double)shape->D;
}

/* And through all of the tokenizer. */
static double embed_products(const ModelShape *shape) {
    double products = model_first_products(shape);
    for (size_t i = 1; i < shape->convolutions; i++)
        products += convolution_products(shape, i);
    return products;
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
        .embed = embed_products(shape),
        /* Query, key, value, output; or x M and x N. */
        .project = heads * T * D * (folded ? 2 * D : 4 * K),
        .attend = heads * 2 * square(T) * (folded ? D : K),
        .mlp = depth * T * chain_products(shape->D, &shape->mlp),
        .local = depth * square((double)(shape->grid * shape->mlp_convolution)) *
                 (double)shape->mlp.value[0],
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
    return 2 * (p.embed + p.project + p.attend + p.mlp + p.local + p.head);
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
