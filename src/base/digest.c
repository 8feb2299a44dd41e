#include "vit/digest.h"

#include <openssl/evp.h>
#include <stdio.h>

Status digest_init(Digest *digest) {
    digest->context = EVP_MD_CTX_new();
    if (!digest->context || !EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL)) {
        digest_free(digest);
        return status_fail(STATUS_INTERNAL, "SHA-256 is not available from libcrypto");
    }
    return STATUS_OK;
}

void digest_add(Digest *digest, const void *bytes, size_t count) {
    /* After a failed update the context is useless: digest_finish reports it. */
    if (digest->context && count && !EVP_DigestUpdate(digest->context, bytes, count))
        digest_free(digest);
}

Status digest_finish(Digest *digest, char text[static DIGEST_TEXT]) {
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    int done = digest->context && EVP_DigestFinal_ex(digest->context, raw, &length);
    digest_free(digest);
    text[0] = '\0';
    if (!done || length != 32)
        return status_fail(STATUS_INTERNAL, "SHA-256 failed inside libcrypto");
    for (unsigned i = 0; i < length; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", raw[i]);
    return STATUS_OK;
}

void digest_free(Digest *digest) {
    EVP_MD_CTX_free(digest->context);
    digest->context = NULL;
}
