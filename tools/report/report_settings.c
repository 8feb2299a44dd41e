#include "vit_report.h"

#include "vit/memory.h"
#include <stdio.h>
#include <string.h>

/* Resolved jobs as text have a line a key, all in the same order: the defaults' and the runs' are
 * read side by side. */
typedef struct Texts {
    size_t count;
    char **text;       /* [count]: the defaults', then the runs' */
    const char **line; /* [count]: where they are read */
} Texts;

static Status texts_init(Texts *texts, const ReportRun *runs, size_t count) {
    Job defaults;
    *texts = (Texts){.count = count + 1};
    STATUS_TRY(memory_allocate(&texts->text, count + 1, sizeof *texts->text, "the settings"));
    STATUS_TRY(memory_allocate(&texts->line, count + 1, sizeof *texts->line, "the settings"));
    STATUS_TRY(job_parse(&defaults, "defaults", "", 0, NULL));
    for (size_t i = 0; i <= count; i++) {
        STATUS_TRY(job_to_text(i ? &runs[i - 1].model.job : &defaults, &texts->text[i]));
        texts->line[i] = texts->text[i];
    }
    return STATUS_OK;
}

static void texts_free(Texts *texts) {
    for (size_t i = 0; texts->text && i < texts->count; i++)
        memory_free(texts->text[i]);
    memory_free(texts->text);
    memory_free(texts->line);
}

static size_t line_length(const char *line) {
    return strcspn(line, "\n");
}

static bool is_same(const char *one, const char *other) {
    const size_t length = line_length(one);
    return length == line_length(other) && memcmp(one, other, length) == 0;
}

/* Names and paths are in the summary. */
static bool is_told(const char *section, const char *line) {
    return strncmp(line, "file = ", 7) == 0 ||
           (strcmp(section, "job") == 0 && strncmp(line, "seed = ", 7) != 0);
}

static void write_value(Html *html, const char *line, bool usual) {
    const char *value = strstr(line, " = ");
    html_raw(html, usual ? "<td class=dim>" : "<td>");
    if (value && value < line + line_length(line))
        html_text_part(html, value + 3, line_length(value + 3));
    html_raw(html, "</td>");
}

/* The key on the current lines, where a run has something else than the defaults. */
static void write_key(Html *html, const Texts *texts, const char *section) {
    const char *usual = texts->line[0];
    bool unusual = false, differs = false;
    for (size_t i = 1; i < texts->count; i++) {
        unusual |= !is_same(texts->line[i], usual);
        differs |= !is_same(texts->line[i], texts->line[1]);
    }
    if (!unusual || is_told(section, usual))
        return;
    html_raw(html, "<tr%s><th scope=row>%s.%.*s</th>", differs ? " class=differs" : "", section,
             (int)strcspn(usual, " \n"), usual);
    for (size_t i = 1; i < texts->count; i++)
        write_value(html, texts->line[i], is_same(texts->line[i], usual));
    write_value(html, usual, true);
    html_raw(html, "</tr>\n");
}

static void write_keys(Html *html, Texts *texts) {
    char section[64] = "";
    while (*texts->line[0]) {
        const char *line = texts->line[0];
        if (*line == '[')
            snprintf(section, sizeof section, "%.*s", (int)strcspn(line + 1, "]\n"), line + 1);
        else if (line_length(line) > 0)
            write_key(html, texts, section);
        for (size_t i = 0; i < texts->count; i++) {
            texts->line[i] += line_length(texts->line[i]);
            texts->line[i] += *texts->line[i] == '\n';
        }
    }
}

static void write_table(Html *html, const ReportRun *runs, size_t count, Texts *texts) {
    html_raw(html,
             "<p>Every key with another value than its default%s.</p>\n"
             "<div class=wide><table class=facts><thead><tr><td></td>",
             count > 1 ? "; where the runs differ, in bold" : "");
    for (size_t i = 0; i < count; i++) {
        html_raw(html, "<th scope=col>");
        html_text(html, runs[i].title);
        html_raw(html, "</th>");
    }
    html_raw(html, "<th scope=col>default</th></tr></thead><tbody>\n");
    write_keys(html, texts);
    html_raw(html, "</tbody></table></div>\n");
}

void report_settings(Html *html, const ReportRun *runs, size_t count) {
    Texts texts;
    report_section(html, "settings", "Settings");
    const Status status = texts_init(&texts, runs, count);
    if (status == STATUS_OK)
        write_table(html, runs, count, &texts);
    else
        html->status = status;
    texts_free(&texts);
}
