#ifndef RESULTS_CLASS_NAME_H
#define RESULTS_CLASS_NAME_H

#include <stdio.h>

/* What classes are called. */
typedef struct ClassNames {
    size_t count, width; /* width: bytes a name, with a zero behind each */
    const char *text;    /* [count, width] */
} ClassNames;

enum { CLASS_NUMBER_TEXT = 24 };

/* A class's name; its number, written to `number`, where it has none. */
static inline const char *class_name(const ClassNames *names, size_t class,
                                     char number[static CLASS_NUMBER_TEXT]) {
    if (class < names->count && names->text[class * names->width])
        return names->text + class * names->width;
    snprintf(number, CLASS_NUMBER_TEXT, "%zu", class);
    return number;
}

#endif
