#ifndef TOOLS_REPORT_DATA_H
#define TOOLS_REPORT_DATA_H

#include "vit/augment.h"
#include "vit/data_file.h"
#include "vit/trained_model.h"

/* The test pictures of the data file that a run was trained on. Local. */

enum { REPORT_REASON = 1536 };

typedef struct ReportData {
    const char *path;
    char missing[REPORT_REASON]; /* why there are none; "": there are, and all below is set */
    bool is_other;               /* the file is not the one that the run was trained on */
    DataHeader header;           /* its statistics are those of the run */
    Augment augment;
    size_t images;
    uint16_t *label; /* [images] */
    DataNames names; /* of the classes, as the run knows them or, where it does not, the file */
} ReportData;

/* path NULL: of the file that the job names. STATUS_INTERNAL: out of memory; that there are no
 * pictures, or none for this model, is no error. report_data_free accepts what is left, and {0}. */
Status report_data_open(ReportData *data, const TrainedModel *model, const char *path);
void report_data_free(ReportData *data);

/* Some numbers of test pictures, the same ones for the same file: of classes that lie far from each
 * other. Sets count of them, at most `most`, and returns it. */
size_t report_data_choose(const ReportData *data, size_t classes, size_t most, size_t *number);

/* pixels [height, width, channels] and, where planes is not NULL, what the model is given of them,
 * [channels, image_size, image_size]. */
Status report_data_picture(const ReportData *data, size_t number, uint8_t *pixels, float *planes);

/* "maple_tree", or "class 7" where it has no name. Valid until the next call. */
const char *report_data_class(const ReportData *data, size_t number);

#endif
