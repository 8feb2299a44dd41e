#ifndef VIT_SAFETENSORS_H
#define VIT_SAFETENSORS_H

#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* safetensors files (github.com/huggingface/safetensors, README "Format"): eight bytes with the
 * length of a JSON header, the header, and the tensors' values, little-endian, without holes. All
 * local. */

enum { SAFETENSORS_AXES_MOST = 8 };

typedef enum SafetensorsKind {
    SAFETENSORS_F32,
    SAFETENSORS_F16,
    SAFETENSORS_BF16,
    SAFETENSORS_F64,
    SAFETENSORS_OTHER /* a type of the format whose values are not read here */
} SafetensorsKind;

typedef struct SafetensorsTensor {
    const char *name, *type; /* "F32" */
    SafetensorsKind kind;
    size_t axes;
    uint64_t shape[SAFETENSORS_AXES_MOST]; /* [axes] */
    uint64_t count;                        /* values */
    uint64_t begin, end;                   /* bytes, from the first value on */
} SafetensorsTensor;

/* A text of the file's own about itself. */
typedef struct SafetensorsNote {
    const char *key, *text;
} SafetensorsNote;

typedef struct Safetensors {
    char *path;
    int descriptor;
    uint64_t values; /* byte of the file at which they begin */
    size_t count, notes;
    SafetensorsTensor *tensor; /* [count], as their values lie in the file */
    SafetensorsNote *note;     /* [notes] */
    void *header;              /* whose texts those above are */
} Safetensors;

/* Reads and checks the header: every rule of the format. STATUS_DATA names file, tensor and rule;
 * STATUS_IO: the file cannot be opened or read. safetensors_close accepts what is left, and {0}. */
Status safetensors_open(Safetensors *file, const char *path);
void safetensors_close(Safetensors *file);

/* NULL when there is none. */
const SafetensorsTensor *safetensors_find(const Safetensors *file, const char *name);
const char *safetensors_note(const Safetensors *file, const char *key);

/* The values as floats [count]; of F64 the nearest. STATUS_DATA: a type that is not read. */
Status safetensors_read(const Safetensors *file, const SafetensorsTensor *tensor, float *values);

/* A tensor to be written. */
typedef struct SafetensorsSource {
    const char *name;
    size_t axes;
    uint64_t shape[SAFETENSORS_AXES_MOST];
    const float *values; /* [product of shape] */
} SafetensorsSource;

/* Writes all of them as F32, under a temporary name first: by name, as the format's own writer
 * does. STATUS_IO as file_commit; STATUS_INTERNAL: two of one name, or out of memory. */
Status safetensors_write(const char *path, const SafetensorsSource *source, size_t count,
                         const SafetensorsNote *note, size_t notes);

#endif
