#ifndef TOOLS_PREDICT_LIST_H
#define TOOLS_PREDICT_LIST_H

#include "source.h"

/* Which pictures are looked at, in order: the files that are named, and what is in folders and
 * archives. Local. */

typedef struct PredictItem {
    size_t source, file; /* of the list's sources; of that source */
} PredictItem;

/* What could not be read. */
typedef struct PredictLost {
    size_t count;
    Status status; /* STATUS_IO when the system refused any, else STATUS_DATA; STATUS_OK: nothing */
} PredictLost;

typedef struct PredictList {
    size_t sources, source_room;
    Source *source; /* the first has the files that are named themselves */
    size_t items, item_room;
    PredictItem *item;
    PredictLost lost; /* words that gave nothing, and names in folders */
} PredictList;

/* Names what cannot be read, for the reason that the latest failure gives, and counts it. Returns
 * STATUS_OK, but for a status that is not about what is read: that one. */
Status predict_lost_add(PredictLost *lost, Status status);

/* Files as they are, whatever their names; folders and archives as vit_data import lists them, of
 * which only what has the name of a picture. A word that gives nothing is named and counted as
 * lost, and so is what a folder lists and the system does not find. STATUS_INTERNAL: out of memory.
 * predict_list_free whatever the outcome. */
Status predict_list_init(PredictList *list, size_t count, const char *const *words);
void predict_list_free(PredictList *list);

/* Of item i: the file, and what people call it. Returns text. */
const SourceFile *predict_list_file(const PredictList *list, size_t i);
const char *predict_list_name(const PredictList *list, size_t i,
                              char text[static SOURCE_NAME_TEXT]);

/* Its bytes; as source_read. */
Status predict_list_read(const PredictList *list, size_t i, uint8_t **bytes, size_t *room,
                         size_t *count);

#endif
