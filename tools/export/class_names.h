#ifndef TOOLS_CLASS_NAMES_FOR_OTHERS_H
#define TOOLS_CLASS_NAMES_FOR_OTHERS_H

#include "vit/checkpoint_data.h"
#include <jansson.h>

/* The names of the classes as a JSON array, by number, fit to be looked up: UTF-8 (bytes that are
 * none are taken for Latin-1), and all different: of several classes of one name the later ones
 * have their number behind it, "crane (134)". For the caller to release; NULL: out of memory. */
json_t *class_names_json(const CheckpointData *data);

/* The numbers as names, "0" to the last: for a library that has names of its own for so many
 * classes. Alike. */
json_t *class_numbers_json(size_t classes);

#endif
