/* Job files and overrides. An input is the job file's text and, each after a zero byte, overrides.
 */

#include "fuzz.h"
#include "job_option.h"
#include "vit/memory.h"
#include <stdbool.h>
#include <string.h>

enum { OVERRIDES_MAX = 8 };

/* A string field's bytes after its end say nothing; the other fields are equal as they lie there.
 */
static bool same_field(const Job *one, const Job *other, const JobOption *option) {
    const char *a = (const char *)one + option->offset, *b = (const char *)other + option->offset;
    if (option->kind == OPTION_TEXT || option->kind == OPTION_PATH)
        return strcmp(a, b) == 0;
    return memcmp(a, b, option->bytes) == 0;
}

typedef Status (*Parse)(Job *job, const char *source, const char *text, size_t override_count,
                        const char *const *overrides);

static Job read_again(Parse read, const Job *job, const char *text) {
    Job back;
    DEMAND(read(&back, "elsewhere/other.ini", text, 0, NULL) == STATUS_OK);
    for (size_t i = 0; i < job_option_count; i++)
        DEMAND(same_field(job, &back, &job_options[i]));
    return back;
}

/* What a job says of itself gives the same job, in the same words. */
static void check_text(const Job *job) {
    char *text, *again;
    DEMAND(job_to_text(job, &text) == STATUS_OK);
    read_again(job_parse_resolved, job, text);
    const Job back = read_again(job_parse, job, text);
    DEMAND(job_to_text(&back, &again) == STATUS_OK);
    DEMAND(strcmp(text, again) == 0);
    DEMAND(job_check_resume(job, &back, "last.h5") == STATUS_OK);
    DEMAND(job_check_model(job, &back, "best.h5") == STATUS_OK);
    DEMAND(job_check_start(job, &back, "best.h5") == STATUS_OK);
    memory_free(text);
    memory_free(again);
}

static void check_bounds(const Job *job) {
    DEMAND(job->patch_size >= 1 && job->patch_size <= job->image_size);
    DEMAND(job->mlp.count >= 1 && job->mlp.value[job->mlp.count - 1] == job->dim);
    DEMAND(job->mlp.count <= JOB_LIST_MAX && job->head.count <= JOB_LIST_MAX);
    DEMAND(job->validation_split >= 0 && job->validation_split < 1 && job->epsilon > 0);
    DEMAND(*job->name && *job->output && *job->data_file);
}

static void parse(const char *text, size_t count, const char *const *overrides) {
    Job job;
    status_fail(STATUS_OK, "%s", "");
    Status status = job_parse(&job, "jobs/some.ini", text, count, overrides);
    if (status == STATUS_OK) {
        check_bounds(&job);
        check_text(&job);
        return;
    }
    DEMAND(status == STATUS_CONFIG || status == STATUS_USAGE);
    /* A place first: the source and, mostly, a line, or the override. */
    DEMAND(strncmp(status_message(), "jobs/some.ini:", 14) == 0 ||
           (count > 0 && strncmp(status_message(), "--set ", 6) == 0));
}

/* The whole input, zero bytes too, as a file. */
static void read_as_file(const uint8_t *bytes, size_t count) {
    memory_file_set(bytes, count);
    char *text;
    Status status = job_read_text(memory_file_path(), &text);
    bool zero = memchr(bytes, '\0', count);
    DEMAND(status == (zero ? STATUS_CONFIG : STATUS_OK));
    DEMAND(zero || (strlen(text) == count && memcmp(text, bytes, count) == 0));
    memory_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    const char *overrides[OVERRIDES_MAX];
    size_t given = 0;
    if (count == 0)
        return 0;
    if (count % 8 == 0) /* it clears a megabyte, which takes longer than all else */
        read_as_file(bytes, count);
    char *text = malloc(count + 1);
    DEMAND(text);
    memcpy(text, bytes, count);
    text[count] = '\0';
    for (const char *at = text + strlen(text); at < text + count && given < OVERRIDES_MAX;
         at += strlen(at))
        overrides[given++] = ++at;
    parse(text, given, overrides);
    free(text);
    return 0;
}
