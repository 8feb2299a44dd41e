#ifndef TOOLS_VIT_DATA_H
#define TOOLS_VIT_DATA_H

#include "import/import_options.h"
#include "synth_set.h"
#include "vit/data_set.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The subcommands of vit_data. Each says on standard output what it did. Outputs replace an older
 * file as a whole or leave it untouched. */

/* Imports a folder or an archive (import.h, with its errors). */
Status data_import(const char *path, const char *out, const ImportOptions *options);

/* Whether sha256 is that of the official CIFAR-100 file of a split (train.bin, test.bin). */
bool data_is_official(DataSplit split, const char *sha256);

/* Writes the data file and says what is in it. */
Status data_write(const char *out, const DataSet *set);
/* Says it: the end of import and synth. */
void data_write_say(const char *out, const size_t images[static SPLIT_COUNT], size_t classes,
                    const char *source);

/* Draws a data set (synth_set.h) into a data file. */
Status data_synth(const char *out, const SynthOptions *options);

/* Prints what a data file holds and verifies all of it. */
Status data_info(const char *path);

/* Draws a contact sheet of the training images as a PNG; with patches the first training image and
 * the patches that the reference model makes of it. */
Status data_sheet(const char *path, const char *out, bool patches);

/* Draws training images of a data file as the model of a job sees them: as they are, and as
 * augmented (and mixed with their partners) in the first epochs of training; with that, what was
 * done to them. The images for validation are taken to be the file's last ones. Errors of reading
 * the job and the data; STATUS_CONFIG too when the data file lacks the labels that the job asks
 * for, or has no image to train on. */
Status data_augmented(const char *job, const char *path, const char *out);

#endif
