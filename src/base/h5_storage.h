#ifndef VIT_BASE_H5_STORAGE_H
#define VIT_BASE_H5_STORAGE_H

#include "h5_dataset.h"

/* Whether all values of a dataset are there. HDF5 gives zeros, or whatever is in memory, for chunks
 * that were never written, for sources of a virtual dataset that are gone or shorter than they
 * were, and for external files that are cut short; it converts what a source holds of another type,
 * whatever is lost by that; and readers make room for what a dataset says
 * that it holds, which must not be more than its files can. STATUS_DATA with what is missing, a
 * filter that this HDF5 does not have included. Private to src/base. Local. */
Status h5_storage_check(hid_t file, const char *name, const H5Dataset *dataset);
/* Whether its values are those of other datasets. */
bool h5_storage_is_virtual(const H5Dataset *dataset);

#endif
