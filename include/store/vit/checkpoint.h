#ifndef VIT_CHECKPOINT_H
#define VIT_CHECKPOINT_H

#include "vit/build_info.h"
#include "vit/checkpoint_data.h"
#include "vit/digest.h"
#include "vit/history.h"
#include "vit/parameter.h"
#include "vit/progress.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>

/* Checkpoints: HDF5 files that verify themselves and replace each other atomically. Layout as in
 * jobs/README.md ("What is in a checkpoint"). Nothing in one depends on the number of ranks or
 * threads. Local: only rank 0 calls these. */

enum {
    CHECKPOINT_STATES_MOST = 5, /* of an optimizer */
    CHECKPOINT_NAME_BYTES = 32  /* of a state's name, with its final zero */
};

/* The state that is the averaged weights: for others to use, too, and under /<name>. */
#define CHECKPOINT_AVERAGE "ema"

/* What an optimizer keeps of every weight, under /optimizer/<name>. */
typedef struct CheckpointState {
    const char *name; /* "m": of lower-case letters, digits and '_' */
    float *values;    /* flat vector */
} CheckpointState;

/* A training state, or (without an optimizer's) weights alone. The pointers are the caller's. */
typedef struct Checkpoint {
    const ParameterTable *table;
    float *weights; /* flat vector */
    size_t states;
    CheckpointState state[CHECKPOINT_STATES_MOST];
    Progress progress;
    History *history;
    const char *job_text;       /* the resolved job */
    const CheckpointData *data; /* of its run; for writing */
    BuildInfo build;
} Checkpoint;

/* Writes path atomically, with Fletcher-32 on every dataset, a digest of the weights and one of the
 * whole state (tensors, progress, history, job), checked again by reading the temporary file back
 * before it takes path's place. On error (STATUS_IO: disk full, not writable) an older file at path
 * is untouched. */
Status checkpoint_write(const char *path, const Checkpoint *checkpoint);

/* The first half of that: writes file_temporary's file, over what is there, and reads it back,
 * since HDF5 may report success on a full disk. On error no file is left. */
Status checkpoint_write_temporary(const char *temporary, const Checkpoint *checkpoint);

/* Reads and verifies a checkpoint into the caller's flat vectors (table, weights, the wanted states
 * and history set; no states: weights alone are wanted, and others passed over; weights NULL: they
 * are verified only). Sets progress, history and build; what an older version's file lacks is as in
 * a run that has not begun. job_text and data are left alone. STATUS_IO: cannot be opened;
 * STATUS_DATA: damaged, cut short, of another model (names the tensor and both shapes), without a
 * wanted state (names both optimizers' states), or of a program that knows more than this one
 * (names both versions). On error the vectors' content is unspecified. */
Status checkpoint_read(const char *path, Checkpoint *checkpoint);

/* Only the job text (a new string, memory_free), which job_parse_resolved reads, from a checkpoint.
 * Fails as checkpoint_read. */
Status checkpoint_read_job(const char *path, char **job_text);

/* Only what it tells of its run's data (checkpoint_data_free), from a checkpoint of any model.
 * Fails as checkpoint_read. */
Status checkpoint_read_data(const char *path, CheckpointData *data);

/* Only which model it holds, from a checkpoint of any model: its job, and the shape that follows
 * from that, its patches' channels and its logits' width. Fails as checkpoint_read. */
Status checkpoint_read_model(const char *path, Job *job, ModelShape *shape);

/* Only the digest of the file whose weights its run began with; "": with none. Fails as
 * checkpoint_read. */
Status checkpoint_read_start(const char *path, char sha256[static DIGEST_TEXT]);

/* Only whether it holds an optimizer's states beside the weights. Fails as checkpoint_read. */
Status checkpoint_has_states(const char *path, bool *states);

/* Only whether it holds the state of that name. Fails as checkpoint_read. */
Status checkpoint_has_state(const char *path, const char *name, bool *has);

/* STATUS_DATA, naming both versions, for a checkpoint that is whole but of a program that knows
 * more than this one: a later format version, or keys in its job. STATUS_INTERNAL: out of memory;
 * STATUS_IO: cannot be read. STATUS_OK for any other file, damaged or not. */
Status checkpoint_check_version(const char *path);

/* Reads the whole file at path and compares it with what was meant to be written: its state's
 * digest, state_sha256 and, through it, every tensor of the table. */
Status checkpoint_verify(const char *path, const ParameterTable *table,
                         const char state_sha256[static DIGEST_TEXT]);

/* Makes the digests of any checkpoint anew, after its tensors, or other values, were changed on
 * purpose (averaged, cut, edited by hand): the model must still be the one that its job says, and
 * all values finite. Atomic, as writing is; text: of the weights as they are now. STATUS_DATA names
 * what does not fit; STATUS_IO. On error the file is untouched. */
Status checkpoint_renew(const char *path, char text[static DIGEST_TEXT]);

/* SHA-256 of the weights of any checkpoint, without knowing its model (for `vit_data digest`):
 * tensors in table order (see parameter.h). The table is derived from the file's own job text and
 * its logits' width. */
Status checkpoint_digest(const char *path, char text[static DIGEST_TEXT]);

#endif
