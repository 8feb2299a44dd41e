#ifndef IMPORT_LAYOUT_H
#define IMPORT_LAYOUT_H

#include "import_set.h"

/* The ways in which data sets are laid out, in files of a source. All local, on one thread. */

typedef struct Layout {
    const char *wants; /* what a source of this layout has, for messages */
    bool (*recognizes)(const Source *source);
    Status (*list)(Source *source, ImportSet *set); /* the set is empty before */
} Layout;

/* CIFAR-100 and CIFAR-10: the binary version, and that for Python. */
bool layout_cifar_recognizes(const Source *source);
Status layout_cifar_list(Source *source, ImportSet *set);
bool layout_pickle_recognizes(const Source *source);
Status layout_pickle_list(Source *source, ImportSet *set);

/* MNIST's files, and all sets that come in such: Fashion-MNIST, KMNIST, EMNIST, whose pictures are
 * turned back. */
bool layout_idx_recognizes(const Source *source);
Status layout_idx_list(Source *source, ImportSet *set);

/* NumPy's arrays, in files or in an .npz. */
bool layout_numpy_recognizes(const Source *source);
Status layout_numpy_list(Source *source, ImportSet *set);

/* Tiny-ImageNet-200. */
bool layout_tiny_recognizes(const Source *source);
Status layout_tiny_list(Source *source, ImportSet *set);

/* A folder of pictures a class: torchvision's ImageFolder. */
bool layout_folders_recognizes(const Source *source);
Status layout_folders_list(Source *source, ImportSet *set);

/* By the first layout that recognizes the source. STATUS_DATA: none does, files are missing or
 * damaged, or say what cannot be; STATUS_IO; STATUS_INTERNAL. import_set_free whatever the outcome.
 */
Status layout_list(Source *source, ImportSet *set);

#endif
