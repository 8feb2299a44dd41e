#ifndef IMPORT_IMPORT_ORDER_H
#define IMPORT_IMPORT_ORDER_H

#include "import_options.h"
#include "import_set.h"

/* Which samples of a set are for testing, and in which order all come: functions of the seed and of
 * the samples' order in the set. Local. */

/* Makes a test split of test_part of each class's training samples, rounded to the nearest but
 * never all of them, where there is no test split, or nothing else; the rest and what is moved stay
 * in order. STATUS_USAGE: there is one, and a part is asked for; STATUS_DATA: there is none, and no
 * part is asked for; STATUS_INTERNAL: out of memory. `path` is for messages. */
Status import_order_divide(const char *path, const ImportOptions *options, ImportSet *set);

/* Shuffles each split, unless options or layout keep the order. */
Status import_order_shuffle(const ImportOptions *options, ImportSet *set);

#endif
