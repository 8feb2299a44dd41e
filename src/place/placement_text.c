#include "placement_node.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Text that is cut short where there is no more room. */
typedef struct Text {
    char *at;
    size_t left;
} Text;

__attribute__((format(printf, 2, 3))) static void say(Text *text, const char *format, ...) {
    va_list values;
    va_start(values, format);
    const int length = vsnprintf(text->at, text->left, format, values);
    va_end(values);
    const size_t used = length < 0                    ? 0
                        : (size_t)length < text->left ? (size_t)length
                                                      : text->left - 1;
    text->at += used;
    text->left -= used;
}

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

/* ---- the layout of a node ---- */

/* Sets and numbers of many ranks: the first few and the last. */
enum { SHOWN = 6, SHOWN_RANGES = 8 };

/* "0-3+8-11" */
static void say_set(Text *text, const uint64_t *set, size_t size) {
    size_t ranges = 0;
    for (size_t i = 0; i < size; i++) {
        if (!set_has(set, i))
            continue;
        const size_t first = i;
        while (i + 1 < size && set_has(set, i + 1))
            i++;
        if (ranges++ == SHOWN_RANGES) {
            say(text, "+...");
            return;
        }
        say(text, ranges > 1 ? "+%zu" : "%zu", first);
        if (i > first)
            say(text, "-%zu", i);
    }
    if (ranges == 0)
        say(text, "unknown");
}

static bool is_left_out(size_t ranks, size_t r) {
    return ranks > SHOWN && r >= SHOWN - 2 && r + 1 < ranks;
}

static void say_cores(Text *text, const NodeCores *node, size_t ranks, const RankPlace *place) {
    bool same = true, hyperthreads = false;
    size_t covered = 0;
    for (size_t r = 0; r < ranks; r++) {
        same = same && memcmp(place[r].set, place[0].set, sizeof place[0].set) == 0;
        hyperthreads = hyperthreads || place[r].processors > place[r].cores;
        covered += place[r].group == r ? place[r].group_cores : 0;
    }
    say(text, same && place[0].cores == 1 ? "core " : "cores ");
    for (size_t r = 0; r < (same ? 1 : ranks); r++) {
        if (is_left_out(ranks, r)) {
            if (r == SHOWN - 2)
                say(text, ", ...");
            continue;
        }
        if (r)
            say(text, ", ");
        say_set(text, place[r].set, node->cores);
    }
    /* Masks may be wider than what Slurm gave. */
    if (node->usable)
        say(text, " of %zu", covered > node->usable ? node->cores : node->usable);
    if (hyperthreads)
        say(text, " (%zu hyperthreads each)", node->width);
    if (same && ranks > 1)
        say(text, ", the same for all");
}

static void say_threads(Text *text, size_t ranks, const RankPlace *place) {
    bool same = true;
    for (size_t r = 1; r < ranks; r++)
        same = same && place[r].threads == place[0].threads;
    for (size_t r = 0; r < (same ? 1 : ranks); r++)
        if (!is_left_out(ranks, r))
            say(text, r ? ", %u" : "%u", place[r].threads);
        else if (r == SHOWN - 2)
            say(text, ", ...");
    say(text, " thread%s%s", plural(same ? place[0].threads : 2), same && ranks > 1 ? " each" : "");
}

void node_layout(const NodeCores *node, size_t ranks, const RankPlace *place, char *text,
                 size_t bytes) {
    Text out = {text, bytes};
    uint64_t limit = 0;
    for (size_t r = 0; r < ranks; r++)
        if (place[r].limit_milli && (!limit || place[r].limit_milli < limit))
            limit = place[r].limit_milli;
    say_cores(&out, node, ranks, place);
    say(&out, "; ");
    say_threads(&out, ranks, place);
    if (limit)
        say(&out, "; CPU limit %.4g", 1e-3 * (double)limit);
}

/* ---- the lines of all nodes ---- */

static bool alike(const NodeReport *a, const NodeReport *b) {
    return a->ranks == b->ranks && a->layout_hash == b->layout_hash &&
           strcmp(a->layout, b->layout) == 0;
}

/* The first report like this one. */
static size_t kind_of(const NodeReport *report, size_t n) {
    size_t k = 0;
    while (!alike(&report[k], &report[n]))
        k++;
    return k;
}

/* Whether a rank is on a node that looks like number `kind`. */
static bool is_there(size_t nodes, const NodeReport *report, size_t kind, int leader) {
    /* Leaders ascend, as the reports do. */
    size_t low = 0, high = nodes;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (report[middle].first_rank <= leader)
            low = middle;
        else
            high = middle;
    }
    return alike(&report[kind], &report[low]);
}

/* "rank 0", "ranks 0-3, 8-11". */
static void say_ranks(Text *text, size_t nodes, const NodeReport *report, size_t kind,
                      const Launch *launch) {
    size_t ranges = 0;
    say(text, report[kind].ranks == 1 && nodes == 1 ? "rank " : "ranks ");
    for (size_t r = 0; r < launch->ranks; r++) {
        if (!is_there(nodes, report, kind, launch->leader[r]))
            continue;
        const size_t first = r;
        while (r + 1 < launch->ranks && is_there(nodes, report, kind, launch->leader[r + 1]))
            r++;
        if (ranges++ == SHOWN_RANGES) {
            say(text, ", ...");
            return;
        }
        say(text, ranges > 1 ? ", %zu" : "%zu", first);
        if (r > first)
            say(text, "-%zu", r);
    }
}

static void say_line(Text *text, size_t nodes, const NodeReport *report, size_t kind,
                     const Launch *launch) {
    size_t members = 0, last = kind;
    char label[sizeof report->host + 16];
    for (size_t n = kind; n < nodes; n++)
        if (alike(&report[n], &report[kind])) {
            members++;
            last = n;
        }
    if (members == 1) {
        snprintf(label, sizeof label, "node %s", report[kind].host);
        say(text, "%-11s ", label);
    } else {
        snprintf(label, sizeof label, "%zu nodes", members);
        say(text, "%-11s %s%s%s, ", label, report[kind].host, members == 2 ? ", " : " ... ",
            report[last].host);
    }
    say_ranks(text, nodes, report, kind, launch);
    if (members > 1)
        say(text, ", %u a node", report[kind].ranks);
    say(text, ": %s", report[kind].layout);
}

static void tell_lines(size_t nodes, const NodeReport *report, const Launch *launch,
                       Placement *placement) {
    for (size_t n = 0; n < nodes; n++) {
        if (kind_of(report, n) != n)
            continue;
        Text text = {placement->line[placement->lines], PLACEMENT_TEXT};
        if (placement->lines == PLACEMENT_LINES - 1) {
            size_t rest = 0;
            for (size_t i = n; i < nodes; i++)
                rest += kind_of(report, i) >= n;
            if (rest > 1) {
                say(&text, "%-11s %zu more, unlike these", "nodes", rest);
                placement->lines++;
                return;
            }
        }
        say_line(&text, nodes, report, n, launch);
        placement->lines++;
    }
}

/* ---- advice ---- */

/* A kind of problem on all nodes. */
typedef struct Case {
    Finding finding;          /* of the first rank that has it, and how many have */
    size_t nodes;             /* that have it */
    const NodeReport *report; /* the first rank's node */
} Case;

static Case collect(size_t nodes, const NodeReport *report, Problem problem) {
    Case all = {.report = report};
    for (size_t n = 0; n < nodes; n++) {
        const Finding *finding = &report[n].finding[problem];
        if (finding->ranks == 0)
            continue;
        const uint32_t before = all.finding.ranks;
        if (before == 0 || finding->first < all.finding.first) {
            all.finding = *finding;
            all.report = &report[n];
        }
        all.finding.ranks = before + finding->ranks;
        all.nodes++;
    }
    return all;
}

/* Cores for each rank when a node is divided evenly. */
static size_t even_cores(const NodeReport *report) {
    const size_t cores = report->usable / report->ranks;
    return cores ? cores : 1;
}

/* The command line that gives each rank so many cores of its own. Open MPI's slot:PE fills the
 * first node's slots as if each rank took one core, and then refuses to bind; node:PE deals the
 * ranks out, and numbers them so, too, unless told to keep neighbours on one node. The file of
 * hosts is the person's. */
static void say_mend(Text *text, const Launch *launch, const NodeReport *report, size_t ranks,
                     size_t cores) {
    const bool many = report->ranks < launch->ranks;
    if (launch->srun)
        say(text, "srun --mpi=pmix -n %zu -c %zu --cpu-bind=cores%s ./vit_mpi ...", ranks, cores,
            report->width > 1 ? " --hint=nomultithread" : "");
    else
        say(text, "mpirun -np %zu%s --map-by node:PE=%zu%s --bind-to core ./vit_mpi ...", ranks,
            many && launch->hosts_listed ? " --hostfile HOSTS" : "", cores,
            many ? " --rank-by slot" : "");
}

static const char *asker_name(uint32_t asker) {
    static const char *const names[] = {"threads = auto", "[run] threads", "OMP_NUM_THREADS",
                                        "srun's -c", "OMP_THREAD_LIMIT"};
    return names[asker];
}

/* "16 ranks (the first: rank 0 on h1)", "rank 0 on h1". */
static void say_who(Text *text, const Case *problem) {
    if (problem->finding.ranks == 1)
        say(text, "rank %d on %s", problem->finding.first, problem->report->host);
    else
        say(text, "%u ranks (the first: rank %d on %s)", problem->finding.ranks,
            problem->finding.first, problem->report->host);
}

static const char open_threads[] = "leave the threads open (threads = auto, no OMP_NUM_THREADS)";

/* "h1", "12 nodes (the first: h1)" */
static void say_where(Text *text, const Case *problem) {
    if (problem->nodes > 1)
        say(text, "%zu nodes (the first: %s)", problem->nodes, problem->report->host);
    else
        say(text, "%s", problem->report->host);
}

static void advise_one_core(Text *text, const Case *problem, const Launch *launch) {
    const Finding *finding = &problem->finding;
    const size_t even = even_cores(problem->report);
    say_who(text, problem);
    say(text, " may use one core only, on which %s %u threads (%s) take turns; ",
        finding->ranks == 1 ? "its" : "a rank's", finding->threads, asker_name(finding->asker));
    if (even == 1) {
        say(text, "%s", open_threads);
        return;
    }
    say(text, "for more cores: ");
    say_mend(text, launch, problem->report, launch->ranks,
             finding->threads < even ? finding->threads : even);
}

static void advise_threads(Text *text, const Case *problem, const Launch *launch) {
    const Finding *finding = &problem->finding;
    const size_t even = even_cores(problem->report);
    const bool together = finding->group_ranks > 1;
    say(text, "more threads than cores, by %s: ", asker_name(finding->asker));
    say_who(text, problem);
    say(text, ", %u threads %son %u cores%s; %s", finding->threads, together ? "together " : "",
        finding->cores,
        problem->report->width > 1 ? ", whose hyperthreads share one core's arithmetic" : "",
        open_threads);
    if (!together && even > finding->cores) {
        say(text, ", or take more cores: ");
        say_mend(text, launch, problem->report, launch->ranks, even);
    }
}

static void advise_crowd(Text *text, const Case *problem, const Launch *launch) {
    const Finding *finding = &problem->finding;
    const NodeReport *report = problem->report;
    say(text, "more ranks than cores: %u ranks take turns on %u core%s of ", finding->group_ranks,
        finding->cores, plural(finding->cores));
    say_where(text, problem);
    if (report->ranks <= report->usable) {
        say(text, "; there are %u: ", report->usable);
        say_mend(text, launch, report, launch->ranks, even_cores(report));
    } else {
        const size_t fewer = launch->ranks * report->usable / report->ranks;
        say(text, "; take more nodes, or fewer ranks: ");
        say_mend(text, launch, report, fewer ? fewer : 1, 1);
    }
}

static void advise_overlap(Text *text, const Case *problem, const Launch *launch) {
    const Finding *finding = &problem->finding;
    say_who(text, problem);
    say(text, " may use cores that other ranks may use too (%u ranks on %u cores), %s; ",
        finding->group_ranks, finding->cores,
        finding->pinned
            ? "and OpenMP (OMP_PROC_BIND, OMP_PLACES) binds threads of several ranks to "
              "the same ones"
            : "which threads = auto divides");
    say(text, "for cores of their own: ");
    say_mend(text, launch, problem->report, launch->ranks, even_cores(problem->report));
}

static void advise_holding(Text *text, const Case *problem, const Launch *launch) {
    const Finding *finding = &problem->finding;
    say(text,
        "ranks that wait do not give up the cores that others need (%u ranks on %u core%s of ",
        finding->group_ranks, finding->cores, plural(finding->cores));
    say_where(text, problem);
    say(text, "), which is very slow: %s",
        launch->srun ? "export OMPI_MCA_mpi_yield_when_idle=1"
                     : "mpirun --mca mpi_yield_when_idle 1 ...");
}

static void advise_limit(Text *text, const Case *problem, bool obeyed) {
    const Finding *finding = &problem->finding;
    say(text, "a cgroup limits ");
    say_who(text, problem);
    say(text, " to the time of %.4g CPU%s", 1e-3 * (double)finding->milli,
        finding->milli == 1000 ? "" : "s");
    if (finding->group_ranks > 1)
        say(text, " (%u ranks together)", finding->group_ranks);
    if (obeyed)
        say(text, ", so threads = auto takes %u of %u cores", finding->threads, finding->cores);
    else
        say(text, ", too little for %u thread%s%s, which it will halt again and again",
            finding->threads, plural(finding->threads), finding->group_ranks > 1 ? " a rank" : "");
    say(text, "; containers get more by docker run --cpus, or resources.limits.cpu in Kubernetes");
}

static void advise_idle(Text *text, const Case *problem, const Launch *launch) {
    const Finding *finding = &problem->finding;
    const NodeReport *report = problem->report;
    say(text, "%u of %u cores idle on ", finding->cores, report->usable);
    say_where(text, problem);
    if (finding->idle_reason == IDLE_ASKED) {
        say(text, ": %s asks for no more threads", asker_name(finding->asker));
        return;
    }
    if (finding->idle_reason == IDLE_DIVISION) {
        say(text, ": %u ranks do not divide %u cores; take a number that does", report->ranks,
            report->usable);
        return;
    }
    say(text, ": %u rank%s may use %u core%s only; for all: ", report->ranks, plural(report->ranks),
        finding->covered, plural(finding->covered));
    say_mend(text, launch, report, launch->ranks, even_cores(report));
    if (finding->asker == ASKER_JOB || finding->asker == ASKER_OPENMP)
        say(text, ", and %s", open_threads);
}

static void advise(Text *text, Problem problem, const Case *its, const Launch *launch) {
    switch (problem) {
    case PROBLEM_ONE_CORE:
        advise_one_core(text, its, launch);
        break;
    case PROBLEM_THREADS:
        advise_threads(text, its, launch);
        break;
    case PROBLEM_CROWD:
        advise_crowd(text, its, launch);
        break;
    case PROBLEM_OVERLAP:
        advise_overlap(text, its, launch);
        break;
    case PROBLEM_HOLDING:
        advise_holding(text, its, launch);
        break;
    case PROBLEM_LIMITED:
    case PROBLEM_OVER_LIMIT:
        advise_limit(text, its, problem == PROBLEM_LIMITED);
        break;
    case PROBLEM_IDLE:
        advise_idle(text, its, launch);
        break;
    case PROBLEMS:
        break;
    }
}

void placement_tell(size_t nodes, const NodeReport *report, const Launch *launch,
                    Placement *placement) {
    _Static_assert((int)PROBLEMS <= (int)PLACEMENT_ADVICES, "one advice a kind of problem");
    *placement = (Placement){.nodes = nodes, .least_threads = report[0].least_threads};
    for (size_t n = 0; n < nodes; n++) {
        placement->all_threads += report[n].threads;
        if (report[n].least_threads < placement->least_threads)
            placement->least_threads = report[n].least_threads;
        if (report[n].most_threads > placement->most_threads)
            placement->most_threads = report[n].most_threads;
    }
    tell_lines(nodes, report, launch, placement);
    for (int problem = 0; problem < PROBLEMS; problem++) {
        const Case its = collect(nodes, report, (Problem)problem);
        if (its.finding.ranks == 0)
            continue;
        Text text = {placement->advice[placement->advices++], PLACEMENT_TEXT};
        advise(&text, (Problem)problem, &its, launch);
    }
}
