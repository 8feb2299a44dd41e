/* make_newer format|key|position CHECKPOINT: makes a checkpoint one of release 9.8.7, with a later
 * format version, or with a key in its job that nobody knows; or one that says to be far behind the
 * end of its epoch; each with the digest that belongs to it. Prints the file's format version. For
 * newer.sh. */

#include "checkpoint_header.h"
#include "vit/format.h"
#include "vit/h5.h"
#include <stdio.h>
#include <string.h>

static Status read_header(const char *path, CheckpointHeader *header) {
    hid_t file;
    bool newer;
    STATUS_TRY(h5_open(path, &file));
    const Status status = checkpoint_header_read(file, path, header, &newer);
    h5_close(file);
    return status;
}

static Status change(hid_t file, const CheckpointHeader *header) {
    STATUS_TRY(h5_set_count(file, "/", "format_version", header->version));
    STATUS_TRY(h5_set_count(file, "/progress", "position", header->progress.position));
    STATUS_TRY(h5_set_text(file, "/build", "version", header->build.version));
    STATUS_TRY(h5_set_text(file, "/job", "text", header->job_text));
    return h5_set_text(file, "/", "state_sha256", header->sha256);
}

static Status make_newer(const char *what, const char *path) {
    CheckpointHeader header;
    char text[8192];
    STATUS_TRY(read_header(path, &header));
    CheckpointHeader view = header;
    snprintf(text, sizeof text, "%s%s", header.job_text,
             strcmp(what, "key") == 0 ? "[model]\nflavour = 3\n" : "");
    view.job_text = text;
    view.version += strcmp(what, "format") == 0;
    if (strcmp(what, "position") == 0)
        view.progress.position = 100000000;
    else
        snprintf(view.build.version, sizeof view.build.version, "9.8.7");
    Status status = checkpoint_header_digest(&view, view.sha256);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    if (status == STATUS_OK)
        status = change(file, &view);
    printf("%llu\n", (unsigned long long)view.version);
    checkpoint_header_free(&header);
    const Status closed = h5_close(file);
    return status == STATUS_OK ? closed : status;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return STATUS_USAGE;
    const Status status = make_newer(argv[1], argv[2]);
    if (status != STATUS_OK)
        fprintf(stderr, "%s\n", status_message());
    return (int)status;
}
