#ifndef VIT_CHECKPOINT_LAST_H
#define VIT_CHECKPOINT_LAST_H

#include "vit/checkpoint.h"
#include "vit/status.h"
#include <stddef.h>

/* Writes last.h5 in `folder` as checkpoint_write does, and shifts older ones to last.1.h5 ... so
 * that `keep` remain in all. The newest valid file is never missing in between. Rank 0; local. */
Status checkpoint_last_write(const char *folder, size_t keep, const Checkpoint *checkpoint);

#endif
