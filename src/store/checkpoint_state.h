#ifndef VIT_CHECKPOINT_STATE_H
#define VIT_CHECKPOINT_STATE_H

#include "vit/checkpoint.h"
#include <hdf5.h>

/* Private to checkpoint*.c: what a checkpoint file holds beside its tensors, and the digests that
 * tie everything together.
 *
 * Root attributes: format, format_version, tensors, parameters, weights_sha256, in a training state
 * also first_moment_sha256 and second_moment_sha256 (as parameter_digest of each block),
 * state_sha256, complete. state_sha256 is over the block digests, every attribute of /progress,
 * /build and /job, and the history. So a reader that has checked it may trust the small things, and
 * the block digests, before it has read any tensor. */

enum { BLOCK_WEIGHTS, BLOCK_FIRST_MOMENT, BLOCK_SECOND_MOMENT, BLOCK_COUNT };

/* Where the tensors of each block are: the group, and the dataset of one tensor. */
extern const char *const checkpoint_group[BLOCK_COUNT];
enum { TENSOR_NAME_MAX = 96 };
void checkpoint_tensor_name(int block, const Parameter *entry, char name[static TENSOR_NAME_MAX]);

/* Digests of the flat vectors; "" for blocks that are not there. */
typedef struct BlockDigests {
    char sha256[BLOCK_COUNT][DIGEST_TEXT];
} BlockDigests;

/* Everything but the tensors, with room of its own. {0} is empty. */
typedef struct CheckpointState {
    Progress progress;
    History history;
    char *job_text;
    char data_sha256[DIGEST_TEXT];
    BuildInfo build;
    uint64_t tensors;
    BlockDigests digests;
    char sha256[DIGEST_TEXT];
} CheckpointState;

void checkpoint_state_free(CheckpointState *state);

/* Writes everything but the tensors, with the completeness mark last; sets sha256. */
Status checkpoint_state_write(hid_t file, const Checkpoint *checkpoint, const BlockDigests *digests,
                              char sha256[static DIGEST_TEXT]);

/* Reads everything but the tensors and checks it against state_sha256. STATUS_DATA when it is not a
 * checkpoint, of another format version, incomplete or damaged; *state is then empty. `path` is for
 * messages. */
Status checkpoint_state_read(hid_t file, const char *path, CheckpointState *state);

/* Reads the whole file at path once more and compares it with what was meant to be written:
 * state_sha256 and, through it, every tensor of the table. */
Status checkpoint_verify(const char *path, const ParameterTable *table,
                         const char sha256[static DIGEST_TEXT]);

#endif
