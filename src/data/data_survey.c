#include "vit/data_survey.h"

#include "data_layout.h"
#include "vit/content.h"
#include "vit/memory.h"
#include "vit/size.h"

enum { BLOCK_BYTES = 8 << 20 };

/* All labels of the split under survey, and rows of images that are read at once. */
typedef struct Room {
    size_t rows;
    uint8_t *images;
    uint16_t *labels;
} Room;

static Status room_init(Room *room, const DataHeader *header) {
    const size_t bytes = picture_bytes(header->picture);
    size_t most = 0;
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        most = most < header->images[s] ? header->images[s] : most;
    *room = (Room){.rows = size_groups(BLOCK_BYTES, bytes)};
    STATUS_TRY(memory_allocate(&room->images, size_smaller(room->rows, most), bytes, "images"));
    return memory_allocate(&room->labels, most, sizeof *room->labels, "labels");
}

static void room_free(Room *room) {
    memory_free(room->images);
    memory_free(room->labels);
}

static Status survey_images(const char *path, DataSplit split, Room *room, DataSurvey *survey,
                            Digest *digest) {
    const DataHeader *header = &survey->header;
    const size_t images = header->images[split];
    for (size_t first = 0; first < images; first += room->rows) {
        const size_t count = size_smaller(images - first, room->rows);
        STATUS_TRY(data_file_read_rows(path, header, split, false, first, count, room->images,
                                       room->labels + first));
        digest_add(digest, room->images, count * picture_bytes(header->picture));
        if (split == SPLIT_TRAIN)
            moments_add(&survey->moments, header->picture, room->images, count);
    }
    return STATUS_OK;
}

static Status survey_split(const char *path, DataSplit split, Room *room, DataSurvey *survey,
                           Digest *digest) {
    const DataHeader *header = &survey->header;
    const size_t images = header->images[split];
    STATUS_TRY(memory_allocate(&survey->images[split], header->classes,
                               sizeof *survey->images[split], "numbers of images"));
    if (!data_has_split(header, split))
        return STATUS_OK;
    if (split == SPLIT_VALIDATION)
        content_add_validation(digest);
    STATUS_TRY(survey_images(path, split, room, survey, digest));
    content_add_labels(digest, room->labels, images);
    for (size_t i = 0; i < images; i++)
        survey->images[split][room->labels[i]]++;
    if (header->coarse_classes == 0)
        return STATUS_OK;
    STATUS_TRY(data_file_read_labels(path, header, split, true, room->labels));
    content_add_labels(digest, room->labels, images);
    return STATUS_OK;
}

static Status survey_all(const char *path, Room *room, DataSurvey *survey) {
    Digest digest;
    STATUS_TRY(content_begin(&digest, survey->header.picture));
    Status status = STATUS_OK;
    for (DataSplit split = 0; split < SPLIT_COUNT && status == STATUS_OK; split++)
        status = survey_split(path, split, room, survey, &digest);
    if (status == STATUS_OK)
        return digest_finish(&digest, survey->content_sha256);
    digest_free(&digest);
    return status;
}

Status data_survey(const char *path, DataSurvey *survey) {
    Room room = {0};
    *survey = (DataSurvey){0};
    Status status = data_file_read_header(path, &survey->header);
    if (status == STATUS_OK)
        status = room_init(&room, &survey->header);
    if (status == STATUS_OK)
        status = survey_all(path, &room, survey);
    room_free(&room);
    if (status != STATUS_OK)
        data_survey_free(survey);
    return status;
}

void data_survey_free(DataSurvey *survey) {
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        memory_free(survey->images[s]);
    *survey = (DataSurvey){0};
}
