#ifndef VIT_DATA_LAYOUT_H
#define VIT_DATA_LAYOUT_H

#include "vit/data_file.h"

/* What reader and writer of data files have in common: names of objects, and what must be true of
 * the values. Private to src/data. All local; errors are STATUS_DATA and name file and object. */

enum { DATA_PART_TEXT = 64 };

extern const char data_label_names[], data_coarse_label_names[];

/* "/train/images". Returns name. */
const char *data_part(DataSplit split, const char *what, char name[static DATA_PART_TEXT]);

/* The root attribute with the digest of a split's source files. Returns name. */
const char *data_source_attribute(DataSplit split, char name[static DATA_PART_TEXT]);

/* [images, height, width, channels] of a split. */
void data_images_shape(const DataHeader *header, DataSplit split, size_t shape[static 4]);

/* Whether the file has the split: all have both but that for validation. */
bool data_has_split(const DataHeader *header, DataSplit split);

Status data_check_picture(const char *path, const char *name, Picture picture);

/* Labels of rows from `first` on: what is written, and what other programs may have written. */
Status data_check_labels(const char *path, const char *name, const uint16_t *labels, size_t first,
                         size_t count, size_t classes);
Status data_convert_labels(const char *path, const char *name, const int64_t *value, size_t first,
                           size_t count, size_t classes, uint16_t *labels);

#endif
