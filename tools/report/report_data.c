#include "report_data.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <stdio.h>
#include <string.h>

static bool uses_coarse(const TrainedModel *model) {
    return model->job.labels == LABELS_COARSE;
}

/* ---- opening ---- */

/* Whether the model can be shown the file's pictures; otherwise data->missing says why not. */
static bool check_fit(ReportData *data, const TrainedModel *model) {
    const DataHeader *header = &data->header;
    const size_t classes = uses_coarse(model) ? header->coarse_classes : header->classes;
    if (header->images[SPLIT_TEST] == 0)
        snprintf(data->missing, REPORT_REASON, "%s has no test images", data->path);
    else if (header->picture.channels != model->shape.channels)
        snprintf(data->missing, REPORT_REASON,
                 "the pictures of %s have %zu channels, the model wants %zu", data->path,
                 header->picture.channels, model->shape.channels);
    else if (classes != model->shape.classes)
        snprintf(data->missing, REPORT_REASON, "%s has %zu classes, the model %zu", data->path,
                 classes, model->shape.classes);
    else if (model->data.channels == 0 && !header->has_statistics)
        snprintf(data->missing, REPORT_REASON,
                 "neither the checkpoint nor %s tells how pictures are normalized", data->path);
    return data->missing[0] == '\0';
}

/* Pictures are normalized as in training, whatever file they are from. */
static void take_statistics(ReportData *data, const TrainedModel *model) {
    const CheckpointData *known = &model->data;
    data->is_other = known->sha256[0] && strcmp(known->sha256, data->header.content_sha256) != 0;
    if (known->channels == 0)
        return;
    memcpy(data->header.mean, known->mean, sizeof data->header.mean);
    memcpy(data->header.variance, known->variance, sizeof data->header.variance);
}

/* -> data->names, data->label. */
static Status read_labels(ReportData *data, const TrainedModel *model) {
    const bool coarse = uses_coarse(model);
    const CheckpointData *known = &model->data;
    STATUS_TRY(memory_allocate(&data->label, data->images, sizeof *data->label, "labels"));
    STATUS_TRY(data_file_read_labels(data->path, &data->header, SPLIT_TEST, coarse, data->label));
    if (!known->name)
        return data_file_read_names(data->path, coarse, &data->names);
    data->names = (DataNames){.count = known->classes, .width = known->name_bytes};
    const size_t bytes = known->classes * known->name_bytes;
    STATUS_TRY(memory_allocate(&data->names.text, bytes, 1, "names of classes"));
    memcpy(data->names.text, known->name, bytes);
    return STATUS_OK;
}

/* Notes a failure as the reason why there are no pictures, unless memory is out. */
static Status note(ReportData *data, Status status) {
    if (status != STATUS_OK && status != STATUS_INTERNAL)
        snprintf(data->missing, REPORT_REASON, "%s", status_message());
    return status == STATUS_INTERNAL ? status : STATUS_OK;
}

Status report_data_open(ReportData *data, const TrainedModel *model, const char *path) {
    *data = (ReportData){.path = path ? path : model->job.data_file};
    STATUS_TRY(note(data, data_file_read_header(data->path, &data->header)));
    if (data->missing[0] || !check_fit(data, model))
        return STATUS_OK;
    take_statistics(data, model);
    data->images = data->header.images[SPLIT_TEST];
    STATUS_TRY(note(data, read_labels(data, model)));
    return data->missing[0] ? STATUS_OK : augment_init(&data->augment, &model->job, &data->header);
}

void report_data_free(ReportData *data) {
    augment_free(&data->augment);
    memory_free(data->label);
    memory_free(data->names.text);
    *data = (ReportData){0};
}

/* ---- pictures ---- */

/* The first one of a class that is not below `from`; data->images when there is none. */
static size_t find_label(const ReportData *data, size_t class, size_t from) {
    while (from < data->images && data->label[from] != class)
        from++;
    return from;
}

size_t report_data_choose(const ReportData *data, size_t classes, size_t most, size_t *number) {
    const size_t wanted = size_smaller(most, data->images);
    size_t count = 0;
    for (size_t i = 0; count < wanted && i < most; i++) {
        const size_t class = classes >= most ? i * classes / most : i % classes;
        size_t at = find_label(data, class, 0);
        for (size_t round = classes >= most ? 0 : i / classes; round > 0 && at < data->images;
             round--)
            at = find_label(data, class, at + 1);
        if (at < data->images)
            number[count++] = at;
    }
    return count;
}

Status report_data_picture(const ReportData *data, size_t number, uint8_t *pixels, float *planes) {
    uint16_t label;
    float *scratch = NULL;
    STATUS_TRY(data_file_read_rows(data->path, &data->header, SPLIT_TEST, false, number, 1, pixels,
                                   &label));
    if (!planes)
        return STATUS_OK;
    const size_t floats = augment_scratch(data->header.picture, data->augment.size);
    STATUS_TRY(memory_allocate(&scratch, floats, sizeof *scratch, "a picture"));
    augment_image(&data->augment, pixels, NULL, scratch, planes);
    memory_free(scratch);
    return STATUS_OK;
}

const char *report_data_class(const ReportData *data, size_t number) {
    static char text[32];
    const DataNames *names = &data->names;
    if (number < names->count && names->text[number * names->width])
        return names->text + number * names->width;
    snprintf(text, sizeof text, "class %zu", number);
    return text;
}
