#include "vit/tensor_map.h"

#include <stdio.h>
#include <string.h>

/* What a library's models are: each row a demand on a key of the job. */
typedef struct Demand {
    bool (*is_met)(const ModelShape *shape);
    const char *key; /* and what it has to be */
    bool of_timm;    /* not of Hugging Face alone */
} Demand;

static bool has_patches(const ModelShape *shape) {
    return shape->tokenizer == TOKENIZER_PATCH;
}

static bool has_learned_positions(const ModelShape *shape) {
    return shape->position == POSITION_LEARNED;
}

static bool fills_width(const ModelShape *shape) {
    return shape->H * shape->K == shape->D;
}

static bool has_two_layers(const ModelShape *shape) {
    return shape->mlp.count == 2 && shape->mlp.value[1] == shape->D;
}

static bool ends_linear(const ModelShape *shape) {
    return shape->mlp_end == MLP_END_LINEAR;
}

static bool has_no_convolution(const ModelShape *shape) {
    return shape->mlp_convolution == 0;
}

static bool has_no_head(const ModelShape *shape) {
    return shape->head.count == 0;
}

static bool pools_by_token_or_mean(const ModelShape *shape) {
    return shape->pool == POOL_CLASS || shape->pool == POOL_MEAN;
}

static bool pools_by_token(const ModelShape *shape) {
    return shape->pool == POOL_CLASS;
}

static const Demand demands[] = {
    {has_patches, "tokenizer = patch", true},
    {has_learned_positions, "position = learned", true},
    {fills_width, "heads * key_dim = dim", true},
    {has_two_layers, "mlp = WIDTH,dim", true},
    {ends_linear, "mlp_end = linear", true},
    {has_no_convolution, "mlp_convolution = 0", true},
    {has_no_head, "head = none", true},
    {pools_by_token_or_mean, "pool = class or mean", true},
    {pools_by_token, "pool = class", false},
};

Status tensor_map_check(TensorNames names, const ModelShape *shape) {
    char broken[512] = "";
    if (names == TENSOR_NAMES_OWN)
        return STATUS_OK;
    const bool timm = names == TENSOR_NAMES_TIMM;
    for (size_t i = 0; i < sizeof demands / sizeof demands[0]; i++) {
        const size_t used = strlen(broken);
        if (!(timm && !demands[i].of_timm) && !demands[i].is_met(shape))
            snprintf(broken + used, sizeof broken - used, "%s%s", used ? ", " : "", demands[i].key);
    }
    if (!*broken)
        return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s holds models with [model] %s; ONNX and a .safetensors file with our own "
                       "names hold any",
                       timm ? "timm's VisionTransformer" : "Hugging Face's ViT", broken);
}
