#include "import/import.h"
#include "vit/log.h"
#include "vit_data.h"
#include <string.h>

/* The members of cifar-100-binary.tar.gz as published with it. */
static const char *const official_sha256[] = {
    "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
    "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"};

bool data_is_official(DataSplit split, const char *sha256) {
    return split != SPLIT_VALIDATION && strcmp(sha256, official_sha256[split]) == 0;
}

static void say_official(const DataOrigin *origin) {
    static const char *const name[] = {"train.bin", "test.bin"};
    for (DataSplit split = 0; split < SPLIT_VALIDATION; split++) {
        if (data_is_official(split, origin->sha256[split]))
            log_info("%s is the official CIFAR-100 file (SHA-256 %s).", name[split],
                     origin->sha256[split]);
        else
            log_warning("%s is not the official CIFAR-100 file: its SHA-256 is %s, that of the "
                        "official one %s.",
                        name[split], origin->sha256[split], official_sha256[split]);
    }
}

Status data_import(const char *path, const char *out, const ImportOptions *options) {
    ImportResult result;
    STATUS_TRY(import_run(path, out, options, &result));
    if (result.is_cifar100)
        say_official(&result.origin);
    data_write_say(out, result.images, result.classes, result.origin.source);
    log_info("Classes: %s", result.some_classes);
    if (result.broken)
        log_warning("%zu picture%s could not be decoded and %s left out.", result.broken,
                    result.broken == 1 ? "" : "s", result.broken == 1 ? "is" : "are");
    return STATUS_OK;
}
