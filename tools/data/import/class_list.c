#include "class_list.h"

#include "grow.h"
#include <stdlib.h>

void class_list_free(ClassList *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->name[i]);
    memory_free(list->name);
    *list = (ClassList){0};
}

/* As strcmp of a name with one that is not terminated. */
static int compare_part(const char *name, const char *part, size_t length) {
    const int order = strncmp(name, part, length);
    return order ? order : name[length] != '\0';
}

/* Files come sorted, so mostly the name is the one that was added before. */
Status class_list_add(ClassList *list, const char *name, size_t length) {
    if (list->count && compare_part(list->name[list->count - 1], name, length) == 0)
        return STATUS_OK;
    STATUS_TRY(grow_array(&list->name, &list->room, list->count, sizeof *list->name, "classes"));
    list->name[list->count] = strndup(name, length);
    if (!list->name[list->count])
        return status_fail(STATUS_INTERNAL, "classes: out of memory");
    list->count++;
    return STATUS_OK;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void class_list_sort(ClassList *list) {
    size_t kept = 0;
    if (list->count)
        qsort(list->name, list->count, sizeof *list->name, compare_names);
    for (size_t i = 0; i < list->count; i++) {
        if (kept && strcmp(list->name[kept - 1], list->name[i]) == 0)
            free(list->name[i]);
        else
            list->name[kept++] = list->name[i];
    }
    list->count = kept;
}

bool class_list_find(const ClassList *list, const char *name, size_t length, size_t *class) {
    size_t low = 0, high = list->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare_part(list->name[middle], name, length);
        *class = middle;
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
