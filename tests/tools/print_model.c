/* print_model JOB.ini: what tools/sim/run takes for granted of the reference model, with
 * CIFAR-100's channels and classes. */

#include "vit/fat_rows.h"
#include "vit/job.h"
#include "vit/memory.h"
#include "vit/parameter.h"
#include "vit/vit.h"
#include <stdio.h>

enum { CHANNELS = 3, CLASSES = 100 };

static Status read_model(const char *path, Job *job, ModelShape *shape, ParameterTable *table) {
    char *text;
    STATUS_TRY(job_read_text(path, &text));
    const Status status = job_parse(job, path, text, 0, NULL);
    memory_free(text);
    STATUS_TRY(status);
    *shape = model_shape(job, CHANNELS, CLASSES);
    return parameter_table_init(table, shape);
}

int main(int argc, char **argv) {
    Job job;
    ModelShape shape;
    ParameterTable table;
    if (argc != 2)
        return STATUS_USAGE;
    if (read_model(argv[1], &job, &shape, &table) != STATUS_OK) {
        fprintf(stderr, "%s\n", status_message());
        return STATUS_CONFIG;
    }
    printf("model='unit_images=%zu unit_floats=%zu encoder_values=%zu", job.unit_images,
           vit_unit_floats(&shape, &table), table.unit_floats);
    for (size_t j = 0; j <= model_head_layers(&shape); j++)
        printf(" width%zu=%zu", j, model_head_width(&shape, j));
    printf(" fat_leaves=%zu", fat_rows_leaves(shape.features));
    printf("'\nparameters=%zu\n", table.floats);
    parameter_table_free(&table);
    return 0;
}
