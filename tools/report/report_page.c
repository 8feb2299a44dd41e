#include "vit_report.h"

#include "chart.h"
#include "vit/version.h"
#include <math.h>

/* The colours of lines are told from each other, and from the paper, by people who see few. */
#define LIGHT                                                                                      \
    "--paper:#fff;--ink:#1c2024;--dim:#5d656e;--line:#d5dae0;--s0:#0b62c4;--s1:#b8500a;"           \
    "--s2:#1c7a3e;--s3:#8a2fb0;--s4:#b0182c;--s5:#0b7285;--s6:#7a5c00;--s7:#4a4f57"
#define DARK                                                                                       \
    "--paper:#15181c;--ink:#e6e9ed;--dim:#a2abb5;--line:#3a424b;--s0:#6db1ff;--s1:#ffa45c;"        \
    "--s2:#6fd08c;--s3:#d79bf2;--s4:#ff8a8f;--s5:#5fd0df;--s6:#e0c050;--s7:#c3c9d1"

static const char style[] =
    ":root{color-scheme:light dark;" LIGHT "}\n"
    "@media(prefers-color-scheme:dark){:root{" DARK "}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:1160px;padding:1rem;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}\n"
    "h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.25rem;margin:2.5rem 0 .5rem;"
    "padding-top:.5rem;border-top:1px solid var(--line)}h3{font-size:1.05rem;margin:1.5rem 0 "
    ".5rem}\n"
    "p{max-width:46rem;margin:.5rem 0}p.dim,figcaption small,td.dim{color:var(--dim)}"
    "nav a{margin-right:1rem}a{color:var(--s0)}\n"
    "table{border-collapse:collapse;font-size:.9rem}.wide{overflow-x:auto;max-width:100%}\n"
    "th,td{text-align:left;vertical-align:top;padding:.2rem .7rem .2rem 0;"
    "border-bottom:1px solid var(--line)}"
    "th{font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".names th[scope=row],.names td{overflow-wrap:anywhere}.names th[scope=row]{min-width:4.5rem}"
    ".names td.n{overflow-wrap:normal}\n"
    ".facts td{min-width:9rem;overflow-wrap:anywhere}tr.differs td{font-weight:600}\n"
    ".charts{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),"
    "1fr))}.charts.tables{grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr))}\n"
    "figure{margin:0}figcaption{font-weight:600}figcaption small{font-weight:400}.chart "
    "svg{display:block;width:100%;height:auto;"
    "max-width:620px}\n"
    "summary{cursor:pointer;color:var(--dim);padding:.3rem 0}details .wide{max-height:24rem;"
    "overflow:auto}\n"
    ".legend{list-style:none;margin:.2rem 0;padding:0;font-size:.85rem}.legend li{display:"
    "inline-block;margin-right:1rem}.legend svg{display:inline-block;width:34px;height:12px}\n"
    "svg text{font:12px system-ui,sans-serif;fill:var(--dim)}svg .e{text-anchor:end}svg .m{"
    "text-anchor:middle}svg .axis path{stroke:var(--line);fill:none}\n"
    "svg .l{fill:none;stroke-width:1.8;stroke-linejoin:round}svg .d .l{stroke-dasharray:5 "
    "4}svg .x{fill:none;stroke-width:2}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:1rem}.tiles figure{max-width:230px;font-size:.85rem}"
    ".tiles.small figure{max-width:104px}h4{margin:1rem 0 "
    ".3rem}caption{text-align:left;font-weight:600}\n"
    ".tiles figcaption{font-weight:400}.tiles .pair{display:flex;gap:4px}\n"
    "img{image-rendering:pixelated;max-width:100%;height:auto;display:block}\n"
    "@media print{:root{color-scheme:light;" LIGHT "}body{max-width:none;"
    "padding:0;font-size:10pt}nav,summary{display:none}figure,tr,.tiles figure{"
    "break-inside:avoid}h2,h3{break-after:avoid}.wide,details "
    ".wide{max-height:none;overflow:visible}}\n";

/* The colour of each line, for its stroke and its markers. */
static void write_line_styles(Html *html) {
    for (int i = 0; i < CHART_STYLES; i++)
        html_raw(html, ".s%d{stroke:var(--s%d);fill:var(--s%d)}", i, i, i);
}

static void write_title(Html *html, const ReportRun *runs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        html_raw(html, "%s", i ? ", " : "");
        html_text(html, runs[i].title);
    }
}

void report_begin(Html *html, const ReportRun *runs, size_t count) {
    html_raw(html,
             "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src "
             "data:; style-src 'unsafe-inline'\">\n"
             "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=color-scheme content=\"light dark\">\n<title>");
    write_title(html, runs, count);
    html_raw(html, " - training report</title>\n<style>\n%s", style);
    write_line_styles(html);
    html_raw(html, "\n</style>\n</head>\n<body>\n<header><h1>");
    write_title(html, runs, count);
    html_raw(html,
             "</h1>\n<p class=dim>Training report, vit_mpi %s</p>\n"
             "<nav aria-label=Sections><a href=\"#summary\">Summary</a>"
             "<a href=\"#curves\">Curves</a><a href=\"#settings\">Settings</a>"
             "<a href=\"#results\">Results</a><a href=\"#sight\">What the model looks "
             "at</a></nav></header>\n<main>\n",
             version_text);
}

void report_end(Html *html) {
    html_raw(html, "</main>\n</body>\n</html>\n");
}

void report_section(Html *html, const char *anchor, const char *title) {
    html->level = 3;
    html_raw(html, "<h2 id=\"%s\">%s</h2>\n", anchor, title);
}

void report_subsection(Html *html, const ReportRun *run, size_t count) {
    if (count < 2)
        return;
    html_element(html, "h3", run->title);
    html_raw(html, "\n");
    html->level = 4;
}

void report_loss(Html *html, double loss) {
    if (isfinite(loss))
        html_raw(html, loss < 1e6 ? "%.4f" : "%.4g", loss);
    else
        html_raw(html, "not finite");
}

void report_run_columns(Html *html, const ReportRun *runs, size_t count) {
    html_raw(html, "<thead><tr><td></td>");
    for (size_t i = 0; i < count; i++) {
        html_raw(html, "<th scope=col>");
        html_text(html, runs[i].title);
        html_raw(html, "</th>");
    }
    html_raw(html, "</tr></thead>");
}
