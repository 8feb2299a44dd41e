#ifndef VIT_BASE_H5_TYPE_H
#define VIT_BASE_H5_TYPE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* Types of values, of datasets and attributes. Private to src/base. All local. */

/* Whether values of the stored type are exactly those of the memory type, but for their byte order.
 * False for a negative stored type. */
bool h5_type_is_same(hid_t stored, hid_t memory_type);

/* Whether HDF5 converts the stored type to the memory type without a loss of meaning: the same
 * type, any integers for integers, any numbers for reals. */
bool h5_type_converts(hid_t stored, hid_t memory_type);

/* Whether each value of the other type is a value of the type: integers of no more bits, reals of
 * no larger size, otherwise the same type. False for a negative type. */
bool h5_type_holds(hid_t type, hid_t other);

/* "uint16", "float32", "text", "a compound" for messages. Returns text. */
enum { H5_TYPE_TEXT = 32 };
const char *h5_type_text(hid_t type, char text[static H5_TYPE_TEXT]);

#endif
