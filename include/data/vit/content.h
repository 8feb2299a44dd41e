#ifndef VIT_CONTENT_H
#define VIT_CONTENT_H

#include "vit/digest.h"
#include "vit/picture.h"
#include "vit/status.h"
#include <stdint.h>

/* content_sha256: what a data file holds, as one SHA-256. Fed to it, in this order: the form of the
 * pictures, "HEIGHTxWIDTHxCHANNELS" and a zero byte, unless it is 32x32x3; of each split, train,
 * test and, if there is one, validation: all images, all labels, all coarse labels (if there are
 * any), 2 bytes little-endian a label. Before the validation split comes "validation" with a zero
 * byte. Local. */

/* Begins with the form. digest_add takes images; digest_finish ends. */
Status content_begin(Digest *digest, Picture picture);
/* What stands before the images of the validation split. */
void content_add_validation(Digest *digest);
void content_add_labels(Digest *digest, const uint16_t *labels, size_t count);

#endif
