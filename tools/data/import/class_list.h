#ifndef IMPORT_CLASS_LIST_H
#define IMPORT_CLASS_LIST_H

#include "vit/data_file.h"

/* Names of classes as they are met, then sorted: numbers go by the bytes of the names, as Python
 * sorts them. All local. */

typedef struct ClassList {
    size_t count, room;
    char **name; /* [count]; owned */
} ClassList;

void class_list_free(ClassList *list);

/* Adds a name that may be there already. STATUS_INTERNAL: out of memory. */
Status class_list_add(ClassList *list, const char *name, size_t length);

/* Sorts, each name once. */
void class_list_sort(ClassList *list);

/* Whether a sorted list has the name, and its number. */
bool class_list_find(const ClassList *list, const char *name, size_t length, size_t *class);

#endif
