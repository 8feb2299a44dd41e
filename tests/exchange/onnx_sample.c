/* onnx_sample JOB.ini OUT.onnx PLANES LOGITS [SECTION.KEY=VALUE...]: a model of that job with
 * random weights as ONNX, random planes, and what the trainer makes of them, as plain little-endian
 * floats. Prints images, image_size and classes. For runtimes.sh. */

#include "exchange/logits.h"
#include "vit/gemm.h"
#include "vit/onnx.h"
#include "vit/random.h"
#include <stdio.h>

enum { IMAGES = 3, CHANNELS = 3, CLASSES = 10, ARGUMENTS = 5 };

static void fill(float *values, size_t count, float limit, uint64_t seed) {
    const RandomStream stream = random_stream(seed, RANDOM_INITIAL_VALUES, 0, 0, 0);
    for (size_t i = 0; i < count; i++) {
        uint32_t words[4];
        random_block(stream, (uint32_t)i, words);
        values[i] = (2.0f * random_unit(words[0]) - 1.0f) * limit;
    }
}

/* Those that a run begins with and something more: biases and norms show, too. */
static Status draw_weights(const ParameterTable *table, float **weights) {
    float *more;
    STATUS_TRY(memory_allocate(weights, table->floats, sizeof **weights, "weights"));
    STATUS_TRY(memory_allocate(&more, table->floats, sizeof *more, "weights"));
    parameter_initialize(table, 5, *weights);
    fill(more, table->floats, 0.02f, 6);
    for (size_t i = 0; i < table->count; i++) {
        const size_t first = table->entry[i].offset;
        for (size_t k = first; k < first + table->entry[i].count; k++)
            (*weights)[k] = 1.5f * (*weights)[k] + more[k];
    }
    memory_free(more);
    return STATUS_OK;
}

static Status write_floats(const char *path, const float *values, size_t count) {
    FILE *stream = fopen(path, "wb");
    const bool written = stream && fwrite(values, sizeof *values, count, stream) == count;
    if (!stream || fclose(stream) != 0 || !written)
        return status_fail(STATUS_IO, "%s: cannot be written", path);
    return STATUS_OK;
}

static Status write_sample(char **argument, const ModelShape *shape, const ParameterTable *table) {
    const size_t values = IMAGES * shape->channels * shape->image_size * shape->image_size;
    float *weights, *planes, *logits;
    STATUS_TRY(draw_weights(table, &weights));
    STATUS_TRY(memory_allocate(&planes, values, sizeof *planes, "planes"));
    STATUS_TRY(memory_allocate(&logits, IMAGES * shape->classes, sizeof *logits, "logits"));
    fill(planes, values, 2.0f, 7);
    STATUS_TRY(logits_make(shape, table, weights, planes, IMAGES, logits));
    STATUS_TRY(onnx_write(argument[2], shape, table, weights, &(OnnxNote){"a", "note"}, 1));
    STATUS_TRY(write_floats(argument[3], planes, values));
    STATUS_TRY(write_floats(argument[4], logits, IMAGES * shape->classes));
    memory_free(logits);
    memory_free(planes);
    memory_free(weights);
    return STATUS_OK;
}

static Status run(int count, char **argument) {
    char *text;
    Job job;
    ParameterTable table;
    if (count < ARGUMENTS)
        return status_fail(STATUS_USAGE, "onnx_sample JOB.ini OUT.onnx PLANES LOGITS [KEY...]");
    STATUS_TRY(job_read_text(argument[1], &text));
    const Status parsed = job_parse(&job, argument[1], text, (size_t)count - ARGUMENTS,
                                    (const char *const *)argument + ARGUMENTS);
    memory_free(text);
    STATUS_TRY(parsed);
    const ModelShape shape = model_shape(&job, CHANNELS, CLASSES);
    STATUS_TRY(parameter_table_init(&table, &shape));
    gemm_init();
    const Status status = write_sample(argument, &shape, &table);
    parameter_table_free(&table);
    printf("%d %zu %zu\n", IMAGES, shape.image_size, shape.classes);
    return status;
}

int main(int argc, char **argv) {
    const Status status = run(argc, argv);
    if (status != STATUS_OK)
        fprintf(stderr, "%s\n", status_message());
    return (int)status;
}
