#ifndef VIT_CHECKPOINT_HEADER_H
#define VIT_CHECKPOINT_HEADER_H

#include "vit/checkpoint.h"
#include <hdf5.h>
#include <stdbool.h>

/* What a checkpoint file holds beside its flat vectors, and the digests that tie everything
 * together. Local.
 *
 * Root attributes: format, format_version, tensors, parameters, weights_sha256, one more digest a
 * state of the optimizer (as parameter_digest of its flat vector), state_sha256, complete.
 * state_sha256 is over these digests, every attribute of /progress, /build and /job, and the
 * history, as far as files of the format version have them. So a reader that has checked it may
 * trust the small things, and the vectors' digests, before it has read any tensor. */

/* The group of the weights, and of a state of the optimizer. */
extern const char *const checkpoint_header_weights;
enum { CHECKPOINT_GROUP_BYTES = 64 };
void checkpoint_header_group(const char *state, char group[static CHECKPOINT_GROUP_BYTES]);

/* A state of the optimizer, by name. */
typedef struct HeaderState {
    char name[CHECKPOINT_NAME_BYTES];
    char sha256[DIGEST_TEXT];
} HeaderState;

typedef struct CheckpointHeader {
    uint64_t version; /* of the format */
    Progress progress;
    History history;
    char *job_text;
    CheckpointData data;
    BuildInfo build;
    uint64_t tensors, parameters; /* of the model */
    char weights_sha256[DIGEST_TEXT];
    size_t states;
    HeaderState state[CHECKPOINT_STATES_MOST]; /* in the order of their names */
    char sha256[DIGEST_TEXT];                  /* checkpoint_header_digest */
} CheckpointHeader;

/* Adds a state and returns it, its digest empty; NULL when there are too many, there is one of that
 * name, or it cannot be a state's name. */
HeaderState *checkpoint_header_add(CheckpointHeader *header, const char *name);
/* The state of that name, or NULL. */
const HeaderState *checkpoint_header_find(const CheckpointHeader *header, const char *name);

/* Of all but sha256, as far as files of its version have it. */
Status checkpoint_header_digest(const CheckpointHeader *header, char sha256[static DIGEST_TEXT]);

/* Writes everything, with the completeness mark last. */
Status checkpoint_header_write(hid_t file, const CheckpointHeader *header);

/* Reads everything, with room of its own, checks it against sha256 and the job's text by
 * job_parse_resolved; what the file's version lacks is as in a run that has not begun. STATUS_DATA
 * when it is not a checkpoint, incomplete or damaged, or, with *newer then set, of a program that
 * knows more than this one. On error *header is empty. `path` is for messages. */
Status checkpoint_header_read(hid_t file, const char *path, CheckpointHeader *header, bool *newer);
/* The same of a file that was changed on purpose: whatever its digest says. */
Status checkpoint_header_read_changed(hid_t file, const char *path, CheckpointHeader *header);
/* Replaces the digests, those of weights and states included, by the header's. */
Status checkpoint_header_write_digests(hid_t file, const CheckpointHeader *header);
void checkpoint_header_free(CheckpointHeader *header);

#endif
