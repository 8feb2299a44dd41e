#ifndef VIT_DATA_SURVEY_H
#define VIT_DATA_SURVEY_H

#include "vit/data_file.h"
#include "vit/moments.h"

/* What a data file really holds, against what its header says of it. */
typedef struct DataSurvey {
    DataHeader header;
    Moments moments;                  /* of all training images */
    char content_sha256[DIGEST_TEXT]; /* of what is there: see content.h */
    size_t *images[SPLIT_COUNT];      /* [header.classes]: of each class */
} DataSurvey;

/* Reads the whole file, a few megabytes at a time, verifying all checksums and labels. Local.
 * Errors as of data_file_read_rows; that header and content differ is for the caller to judge. On
 * error *survey is empty. */
Status data_survey(const char *path, DataSurvey *survey);
void data_survey_free(DataSurvey *survey);

#endif
