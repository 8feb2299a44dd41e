#include "vit/start_report.h"

#include "vit/log.h"
#include "vit/memory.h"
#include <stdio.h>
#include <string.h>

void start_report_free(StartReport *report) {
    memory_free(report->fate);
    memory_free(report->left_name);
    checkpoint_data_free(&report->data);
    *report = (StartReport){0};
}

enum { LINE = 1024, FOLDER = 72 };

/* A name's first part: "block3", "patch_embed"; what is behind it begins with '/' or is empty. */
static size_t folder_length(const char *name) {
    return strcspn(name, "/");
}

static bool same_folder(const Parameter *one, const Parameter *other) {
    const size_t length = folder_length(one->name);
    return length == folder_length(other->name) && memcmp(one->name, other->name, length) == 0;
}

/* The tensors [first, end) of a folder. */
typedef struct Group {
    size_t first, end;
} Group;

static Group group_at(const ParameterTable *table, size_t first) {
    Group group = {first, first + 1};
    while (group.end < table->count && same_folder(&table->entry[first], &table->entry[group.end]))
        group.end++;
    return group;
}

static void append(char line[static LINE], const char *text) {
    const size_t used = strlen(line);
    snprintf(line + used, LINE - used, "%s", text);
}

static void append_fate(const StartReport *report, const ParameterTable *table, StartFate fate,
                        char line[static LINE]) {
    const size_t classes = table->entry[table->count - 1].count; /* the logits' biases */
    char text[2 * START_CLASS + 96] = "taken";
    if (fate == START_RESIZED)
        snprintf(text, sizeof text, "resized from %zu x %zu to %zu x %zu tokens",
                 report->grid_there, report->grid_there, report->grid_here, report->grid_here);
    else if (fate == START_NEW)
        snprintf(text, sizeof text, "made new, as the seed has it");
    else if (fate == START_NEW_ZERO && report->classes_there && report->classes_there != classes)
        snprintf(text, sizeof text, "made new, zero (%zu classes there, %zu here)",
                 report->classes_there, classes);
    else if (fate == START_NEW_ZERO && report->other_classes)
        snprintf(text, sizeof text, "made new, zero (class %zu is %s there, %s here)",
                 report->other_class, report->class_there, report->class_here);
    else if (fate == START_NEW_ZERO)
        snprintf(text, sizeof text, "made new, zero");
    append(line, text);
}

/* "16 tensors taken", or name by name where they fare differently. */
static void describe(const StartReport *report, const ParameterTable *table, Group group,
                     char line[static LINE]) {
    *line = '\0';
    for (size_t i = group.first; i < group.end;) {
        const size_t begin = i;
        while (i < group.end && report->fate[i] == report->fate[begin])
            i++;
        char text[32];
        if (begin > group.first)
            append(line, "; ");
        snprintf(text, sizeof text, "%zu tensors ", i - begin);
        if (i - begin == 1) {
            const char *name = table->entry[begin].name + folder_length(table->entry[begin].name);
            append(line, *name ? name + 1 : "");
            append(line, *name ? " " : "");
        } else {
            append(line, text);
        }
        append_fate(report, table, report->fate[begin], line);
    }
}

/* Whether the tensors from `first` on are a block's that fares as that line says. */
static bool is_such_block(const StartReport *report, const ParameterTable *table, size_t first,
                          const char *line) {
    char other[LINE];
    if (first == table->count || strncmp(table->entry[first].name, "block", 5) != 0)
        return false;
    describe(report, table, group_at(table, first), other);
    return strcmp(line, other) == 0;
}

static void log_groups(const StartReport *report, const ParameterTable *table) {
    for (size_t i = 0; i < table->count;) {
        char line[LINE];
        const Group group = group_at(table, i);
        const char *first = table->entry[i].name, *last = first;
        describe(report, table, group, line);
        i = group.end;
        while (strncmp(first, "block", 5) == 0 && is_such_block(report, table, i, line)) {
            last = table->entry[i].name;
            i = group_at(table, i).end;
        }
        if (first == last)
            log_info("  %.*s: %s", (int)folder_length(first), first, line);
        else
            log_info("  %.*s to %.*s: each %s", (int)folder_length(first), first,
                     (int)folder_length(last), last, line);
    }
}

static void log_left(const StartReport *report) {
    enum { NAMES = 8 };
    char line[LINE] = "";
    for (size_t i = 0; i < report->left && i < NAMES; i++) {
        append(line, i ? ", " : "");
        append(line, report->left_name[i]);
    }
    if (report->left > NAMES)
        log_info("  left: %s and %zu more", line, report->left - NAMES);
    else if (report->left)
        log_info("  left: %s", line);
}

/* What the file does not tell, as those of others never do. */
static void log_unknown(const StartReport *report, const ParameterTable *table) {
    const bool keeps_classes = report->fate[table->count - 1] == START_TAKEN;
    if (keeps_classes && report->data.classes == 0)
        log_info("  the file does not tell which classes its last layer is for: they are taken to "
                 "be this job's, number by number");
    if (report->data.channels == 0)
        log_info("  the file does not tell how its pictures were normalized; here they are by the "
                 "mean and variance of this job's data");
}

void start_report_log(const StartReport *report, const ParameterTable *table) {
    if (report->averaged)
        log_info("  the weights are the averaged ones");
    log_groups(report, table);
    log_left(report);
    log_unknown(report, table);
    if (report->names == TENSOR_NAMES_HUGGING_FACE)
        log_info("  layer norms have an epsilon of 1e-6 here; Hugging Face's default is 1e-12 "
                 "(layer_norm_eps in config.json), which makes a small difference");
}
