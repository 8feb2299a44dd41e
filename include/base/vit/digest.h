#ifndef VIT_DIGEST_H
#define VIT_DIGEST_H

#include "vit/status.h"
#include <stddef.h>

/* SHA-256 (FIPS 180-4) over a stream of bytes, through libcrypto. Local. */

#define DIGEST_TEXT 65 /* 64 lower-case hex digits and the terminating zero */

typedef struct Digest {
    void *context; /* EVP_MD_CTX */
} Digest;

Status digest_init(Digest *digest);
/* May be called any number of times. A failure inside libcrypto shows at digest_finish. */
void digest_add(Digest *digest, const void *bytes, size_t count);
/* Writes the hex digest and releases the digest, also on error. */
Status digest_finish(Digest *digest, char text[static DIGEST_TEXT]);
/* Releases without a result; accepts what digest_finish left. */
void digest_free(Digest *digest);

#endif
