#ifndef IMPORT_PICTURE_NAME_H
#define IMPORT_PICTURE_NAME_H

#include <stdbool.h>

/* Which files of a folder are meant as pictures, by the ends of their names. Local. */

/* Of a kind that picture.h reads. */
bool picture_name_is_read(const char *path);

/* Of another kind. */
bool picture_name_is_other(const char *path);

#endif
