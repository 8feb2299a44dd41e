#ifndef TOOLS_EXPORT_H
#define TOOLS_EXPORT_H

#include "vit/tensor_map.h"
#include "vit/trained_model.h"

/* A trained model as files for other software. All local. */

typedef enum ExportForm {
    EXPORT_SAFETENSORS, /* one file of weights */
    EXPORT_ONNX,        /* one file with all that it takes to run it */
    EXPORT_FOLDER       /* as timm or Hugging Face load it: weights and JSON */
} ExportForm;

typedef struct ExportWish {
    const char *out; /* file or folder */
    ExportForm form;
    TensorNames names; /* of a folder timm's or Hugging Face's; of ONNX ignored */
} ExportWish;

/* STATUS_DATA for a model that what is wished cannot hold: names the keys, or what its checkpoint
 * does not tell, and what would hold it. */
Status export_check(const TrainedModel *model, const ExportWish *wish);

/* Writes it: files of the same names are replaced, each as a whole, and others in the folder left
 * alone. A file that cannot be written is STATUS_IO, and those that were there are then untouched,
 * but for a disk that fails while they are renamed. A signal that ends the program leaves no
 * temporary file. STATUS_DATA as export_check, or more than 2 GiB of ONNX; STATUS_INTERNAL: out of
 * memory. */
Status export_write(const TrainedModel *model, const ExportWish *wish);

#endif
