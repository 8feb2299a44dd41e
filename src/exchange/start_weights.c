#include "vit/start_weights.h"

#include "vit/memory.h"
#include "vit/positions.h"
#include "weights_source.h"
#include "wrong.h"
#include <stdio.h>
#include <string.h>

static const char position_name[] = "patch_embed/position";
static const char class_token_name[] = "class_token";

static bool begins_with(const char *name, const char *beginning) {
    return strncmp(name, beginning, strlen(beginning)) == 0;
}

static bool is_last_layer(const char *name) {
    return begins_with(name, "logits/");
}

/* A dense layer that gets what the layer before it makes. */
static bool is_dense(const char *name) {
    return begins_with(name, "head") || is_last_layer(name);
}

/* What another task has for itself. */
static bool belongs_to_head(const char *name) {
    return is_dense(name) || begins_with(name, "pool/");
}

static const Parameter *find(const ParameterTable *table, const char *name) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->entry[i].name, name) == 0)
            return &table->entry[i];
    return NULL;
}

static bool same_shape(const Parameter *one, const Parameter *other) {
    return one->axes == other->axes &&
           memcmp(one->shape, other->shape, one->axes * sizeof *one->shape) == 0;
}

/* ---- what becomes of the tensors ---- */

enum { SIDE_MOST = 4096 };

/* The side of the grid of positions [tokens, D], or 0. */
static size_t grid_of(const Parameter *position) {
    for (size_t side = 1; side <= SIDE_MOST; side++)
        if (side * side == position->shape[0])
            return side;
    return 0;
}

static bool can_resize(const Parameter *theirs, const Parameter *ours) {
    return strcmp(ours->name, position_name) == 0 && theirs->axes == 2 &&
           theirs->shape[1] == ours->shape[1] && grid_of(theirs) > 0;
}

static StartFate new_fate(const char *name) {
    return is_last_layer(name) ? START_NEW_ZERO : START_NEW;
}

static void refuse(Wrong *wrong, const Parameter *theirs, const Parameter *ours) {
    char there[WRONG_SHAPE], here[WRONG_SHAPE];
    if (theirs)
        wrong_add(wrong, "tensor %s is %s there, %s here", ours->name,
                  wrong_shape(theirs->axes, theirs->shape, there),
                  wrong_shape(ours->axes, ours->shape, here));
    else
        wrong_add(wrong, "it has no tensor %s", ours->name);
}

static const char *class_name(const CheckpointData *data, size_t number) {
    return data->name + number * data->name_bytes;
}

/* As many classes of other names, or in another order, are others: a last layer that tells those
 * apart would be sure of what is wrong. */
static void compare_classes(const CheckpointData *there, const CheckpointData *here,
                            StartReport *report) {
    size_t c = 0;
    if (there->classes != here->classes)
        return;
    while (c < here->classes && strcmp(class_name(there, c), class_name(here, c)) == 0)
        c++;
    if (c == here->classes)
        return;
    report->other_classes = true;
    report->other_class = c;
    snprintf(report->class_there, START_CLASS, "%s", class_name(there, c));
    snprintf(report->class_here, START_CLASS, "%s", class_name(here, c));
}

/* Layers of the head after a new one would be of no use to it, and biases none without their
 * kernels, which come before them in the table. */
static void decide(const WeightsSource *source, const ParameterTable *table, StartReport *report,
                   Wrong *wrong) {
    bool head_is_new = false;
    for (size_t i = 0; i < table->count; i++) {
        const Parameter *ours = &table->entry[i];
        const Parameter *theirs = find(&source->table, ours->name);
        const bool head = belongs_to_head(ours->name);
        const bool is_new = (is_dense(ours->name) && head_is_new) ||
                            (is_last_layer(ours->name) && report->other_classes);
        if (theirs && same_shape(theirs, ours) && !is_new) {
            report->fate[i] = START_TAKEN;
        } else if (theirs && can_resize(theirs, ours)) {
            report->fate[i] = START_RESIZED;
        } else if (head || (!theirs && strcmp(ours->name, position_name) == 0)) {
            report->fate[i] = new_fate(ours->name);
            head_is_new = head_is_new || is_dense(ours->name);
        } else {
            refuse(wrong, theirs, ours);
        }
    }
}

/* What the file has and the run has not may go if it is of the head, or a matter of tokens that the
 * job has settled otherwise. */
static Status list_left(const WeightsSource *source, const ParameterTable *table,
                        StartReport *report, Wrong *wrong) {
    STATUS_TRY(memory_allocate(&report->left_name, source->left + source->table.count,
                               sizeof *report->left_name, "tensors' names"));
    for (; report->left < source->left; report->left++)
        memcpy(report->left_name[report->left], source->left_name[report->left], MAP_NAME);
    for (size_t i = 0; i < source->table.count; i++) {
        const char *name = source->table.entry[i].name;
        if (!*name || find(table, name))
            continue;
        if (belongs_to_head(name) || strcmp(name, position_name) == 0 ||
            strcmp(name, class_token_name) == 0)
            memcpy(report->left_name[report->left++], name, strlen(name) + 1);
        else
            wrong_add(wrong, "its tensor %s has no place here", name);
    }
    return STATUS_OK;
}

/* ---- values ---- */

static Status set_tensor(const WeightsSource *source, const Parameter *ours, StartReport *report,
                         StartFate fate, float *weights) {
    const Parameter *theirs = find(&source->table, ours->name);
    float *to = weights + ours->offset;
    switch (fate) {
    case START_TAKEN:
        memcpy(to, source->values + theirs->offset, ours->count * sizeof *to);
        break;
    case START_RESIZED:
        report->grid_there = grid_of(theirs);
        report->grid_here = grid_of(ours);
        return positions_resize(report->grid_there, report->grid_here, ours->shape[1],
                                source->values + theirs->offset, to);
    case START_NEW_ZERO:
        memset(to, 0, ours->count * sizeof *to);
        break;
    case START_NEW:
        break;
    }
    return STATUS_OK;
}

static Status set_all(const WeightsSource *source, const char *path, const StartModel *model,
                      float *weights, StartReport *report) {
    const ParameterTable *table = model->table;
    Wrong wrong = {""};
    STATUS_TRY(
        memory_allocate(&report->fate, table->count, sizeof *report->fate, "tensors' fates"));
    compare_classes(&source->data, model->data, report);
    decide(source, table, report, &wrong);
    STATUS_TRY(list_left(source, table, report, &wrong));
    STATUS_TRY(wrong_status(&wrong, path));
    for (size_t i = 0; i < table->count; i++)
        STATUS_TRY(set_tensor(source, &table->entry[i], report, report->fate[i], weights));
    return STATUS_OK;
}

Status start_weights_read(const char *path, const StartModel *model, float *weights,
                          StartReport *report) {
    WeightsSource source;
    *report = (StartReport){0};
    Status status = weights_source_open(&source, path, model->job, model->shape);
    if (status == STATUS_OK)
        status = set_all(&source, path, model, weights, report);
    const Parameter *bias = find(&source.table, "logits/bias");
    report->names = source.names;
    report->checkpoint = source.checkpoint;
    report->averaged = source.averaged;
    report->classes_there = bias ? bias->count : 0;
    report->data = source.data;
    source.data = (CheckpointData){0};
    weights_source_close(&source);
    return status;
}
