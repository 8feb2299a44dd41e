#include "layout.h"

#include <stdio.h>
#include <string.h>

static const Layout layouts[] = {
    {"train.bin (CIFAR-100) or data_batch_1.bin (CIFAR-10)", layout_cifar_recognizes,
     layout_cifar_list},
    {"train, test and meta, or data_batch_1 (both for Python)", layout_pickle_recognizes,
     layout_pickle_list},
    {"train-images-idx3-ubyte (MNIST)", layout_idx_recognizes, layout_idx_list},
    {"train_images.npy or x_train.npy, also in an .npz", layout_numpy_recognizes,
     layout_numpy_list},
    {"wnids.txt (Tiny-ImageNet)", layout_tiny_recognizes, layout_tiny_list},
    {"folders of .jpg, .jpeg and .png pictures", layout_folders_recognizes, layout_folders_list},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

/* Says what was looked for and what is there. */
static Status fail_unknown(const Source *source) {
    enum { SHOWN = 5 };
    char wanted[512] = "", found[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < LAYOUTS; i++)
        used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%s%s", i ? "; " : "",
                                 layouts[i].wants);
    used = 0;
    for (size_t i = 0; i < source->count && i < SHOWN && used < sizeof found; i++)
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%s", i ? ", " : "",
                                 source->file[i].path);
    return status_fail(STATUS_DATA,
                       "%s: is of no layout that is known: it has none of: %s. It has "
                       "%zu file%s%s%s%s",
                       source->path, wanted, source->count, source->count == 1 ? "" : "s",
                       source->count ? ": " : "", found, source->count > SHOWN ? ", ..." : "");
}

Status layout_list(Source *source, ImportSet *set) {
    *set = (ImportSet){0};
    for (size_t i = 0; i < LAYOUTS; i++)
        if (layouts[i].recognizes(source))
            return layouts[i].list(source, set);
    return fail_unknown(source);
}
