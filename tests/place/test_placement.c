/* Threads and advice for made-up nodes, limits of made-up cgroups. */

#include "check.h"
#include "folder.h"
#include "placement_node.h"
#include <stdlib.h>
#include <sys/stat.h>

enum { RANKS = 64 };
static NodeCores node;
static RankPlace place[RANKS];
static NodeReport report;
static Placement placement;

/* Processors are numbered as Linux does it: the first hyperthread of every core, then the second.
 */
static void make_node(size_t cores, size_t width) {
    node = (NodeCores){.usable = cores, .cores = cores, .width = width};
    for (size_t i = 0; i < PLACE_PROCESSORS; i++)
        node.core[i] = (uint16_t)(i < cores * width ? i % cores : NO_CORE);
    memset(place, 0, sizeof place);
    for (int r = 0; r < RANKS; r++) {
        place[r].rank = r;
        place[r].yields = true;
    }
}

static void may_use(size_t rank, size_t first, size_t last) {
    for (size_t i = first; i <= last; i++)
        place[rank].set[i / 64] |= (uint64_t)1 << (i % 64);
}

static void asks(size_t rank, Asker asker, uint32_t threads) {
    place[rank].asker = asker;
    place[rank].asked = threads;
}

/* Shares, judges, and tells of one node of `ranks` ranks. */
static void look(size_t ranks, bool srun) {
    static int leader[RANKS];
    for (size_t r = 0; r < ranks; r++)
        node_to_cores(&node, &place[r]);
    node_share(&node, ranks, place);
    node_judge(&node, ranks, place, &report);
    strcpy(report.host, "h1");
    placement_tell(1, &report, &(Launch){.srun = srun, .ranks = ranks, .leader = leader},
                   &placement);
}

static void check_line(const char *line) {
    assert_int_equal(placement.lines, 1);
    assert_string_equal(placement.line[0], line);
}

/* Exactly the problems of the list are found, and the advice on the first begins and ends so. */
static void check_problems(size_t count, const Problem *problems, const char *begin,
                           const char *end) {
    for (size_t p = 0, next = 0; p < PROBLEMS; p++) {
        const bool wanted = next < count && problems[next] == (Problem)p;
        if ((report.finding[p].ranks > 0) != wanted)
            print_error("problem %zu: %u ranks\n", p, report.finding[p].ranks);
        assert_int_equal(report.finding[p].ranks > 0, wanted);
        next += wanted;
    }
    assert_int_equal(placement.advices, count);
    if (count == 0)
        return;
    const char *advice = placement.advice[0];
    const size_t length = strlen(advice), tail = strlen(end);
    if (strncmp(advice, begin, strlen(begin)) != 0 || length < tail ||
        strcmp(advice + length - tail, end) != 0)
        print_error("the advice is: %s\n", advice);
    assert_true(strncmp(advice, begin, strlen(begin)) == 0);
    assert_true(length >= tail && strcmp(advice + length - tail, end) == 0);
}

#define NONE 0, NULL, NULL, NULL
#define ONLY(...)                                                                                  \
    sizeof((Problem[]){__VA_ARGS__}) / sizeof(Problem), (Problem[]) {                              \
        __VA_ARGS__                                                                                \
    }

static void ranks_with_cores_of_their_own_use_them_all(void **state) {
    (void)state;
    make_node(64, 1);
    for (size_t r = 0; r < 4; r++)
        may_use(r, 16 * r, 16 * r + 15);
    look(4, false);
    for (size_t r = 0; r < 4; r++)
        assert_int_equal(place[r].threads, 16);
    check_line("node h1     ranks 0-3: cores 0-15, 16-31, 32-47, 48-63 of 64; 16 threads each");
    check_problems(NONE);
}

static void hyperthreads_are_not_cores(void **state) {
    (void)state;
    make_node(64, 2);
    for (size_t r = 0; r < 2; r++) {
        may_use(r, 32 * r, 32 * r + 31);
        may_use(r, 64 + 32 * r, 64 + 32 * r + 31);
    }
    look(2, false);
    assert_int_equal(place[0].threads, 32);
    assert_int_equal(place[1].threads, 32);
    check_line("node h1     ranks 0-1: cores 0-31, 32-63 of 64 (2 hyperthreads each); 32 threads "
               "each");
    check_problems(NONE);
}

static void ranks_on_hyperthreads_of_the_same_cores_share_them(void **state) {
    (void)state;
    make_node(64, 2);
    may_use(0, 0, 63);
    may_use(1, 64, 127);
    look(2, true);
    assert_int_equal(place[0].threads, 32);
    assert_int_equal(place[1].threads, 32);
    check_problems(ONLY(PROBLEM_OVERLAP), "2 ranks (the first: rank 0 on h1) may use cores that",
                   ": srun --mpi=pmix -n 2 -c 32 --cpu-bind=cores --hint=nomultithread ./vit_mpi "
                   "...");
}

/* mpirun --bind-to core gives both hyperthreads of a core, a mask of Slurm's or a container's
 * perhaps one; --bind-to hwthread puts two ranks on a core. */
static void a_core_counts_once_however_much_of_it_is_given(void **state) {
    (void)state;
    make_node(8, 2);
    may_use(0, 0, 0), may_use(0, 8, 8);
    may_use(1, 2, 3), may_use(1, 12, 13);
    look(2, false);
    assert_int_equal(place[0].threads, 1);
    assert_int_equal(place[1].threads, 4);
    make_node(8, 2);
    may_use(0, 0, 0);
    may_use(1, 8, 8);
    look(2, false);
    assert_int_equal(place[0].threads, 1);
    assert_int_equal(place[1].threads, 1);
    assert_int_equal(report.finding[PROBLEM_CROWD].ranks, 2);
    make_node(8, 2);
    may_use(0, 0, 15);
    look(1, false);
    assert_int_equal(place[0].threads, 8);
}

/* Where Slurm does not bind, -c 4 is two cores of two hyperthreads, but four with one thread of
 * each. */
static void what_srun_gives_is_counted_in_cores(void **state) {
    (void)state;
    make_node(8, 2);
    may_use(0, 0, 15);
    place[0].srun_cpus = 4;
    look(1, true);
    assert_int_equal(place[0].threads, 2);
    make_node(8, 2);
    may_use(0, 0, 15);
    place[0].srun_cores = 4;
    look(1, true);
    assert_int_equal(place[0].threads, 4);
}

/* hwloc's tree, made up: two packages of four cores of two hyperthreads, neighbours in number. */
static void cores_are_those_of_the_tree(void **state) {
    (void)state;
    setenv("HWLOC_SYNTHETIC", "pack:2 core:4 pu:2", 1);
    unsetenv("SLURM_JOB_ID");
    node_cores_of_this_node(&node);
    assert_int_equal(node.cores, 8);
    assert_int_equal(node.usable, 8);
    assert_int_equal(node.width, 2);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(node.core[i], i / 2);
    assert_int_equal(node.core[16], NO_CORE);
    /* Of 6 hardware threads that Slurm gave, which are 3 cores. */
    setenv("SLURM_JOB_ID", "1", 1);
    setenv("SLURM_CPUS_ON_NODE", "6", 1);
    node_cores_of_this_node(&node);
    assert_int_equal(node.usable, 3);
    unsetenv("SLURM_JOB_ID"), unsetenv("SLURM_CPUS_ON_NODE"), unsetenv("HWLOC_SYNTHETIC");
}

static void equal_masks_are_divided_evenly(void **state) {
    (void)state;
    make_node(64, 1);
    for (size_t r = 0; r < 5; r++)
        may_use(r, 0, 63);
    look(5, false);
    for (size_t r = 0; r < 5; r++)
        assert_int_equal(place[r].threads, 12);
    check_line("node h1     ranks 0-4: cores 0-63 of 64, the same for all; 12 threads each");
    check_problems(ONLY(PROBLEM_OVERLAP), "5 ranks",
                   "divides; for cores of their own: mpirun -np 5 --map-by node:PE=12 --bind-to "
                   "core ./vit_mpi ...");
}

/* Ranks 0 and 1 have 7 cores together; rank 2 is none of their business. */
static void partial_overlaps_are_divided_among_those_concerned(void **state) {
    (void)state;
    make_node(16, 1);
    may_use(0, 0, 3);
    may_use(1, 3, 6);
    may_use(2, 7, 15);
    look(3, false);
    assert_int_equal(place[0].threads, 3);
    assert_int_equal(place[1].threads, 3);
    assert_int_equal(place[2].threads, 9);
    check_line("node h1     ranks 0-2: cores 0-3, 3-6, 7-15 of 16; 3, 3, 9 threads");
    assert_int_equal(report.finding[PROBLEM_OVERLAP].ranks, 2);
}

/* Ranks 0 and 1 are connected by rank 2 alone, 3 and 4 by rank 5. */
static void groups_are_connected_through_others(void **state) {
    (void)state;
    make_node(16, 1);
    may_use(0, 0, 2);
    may_use(1, 5, 7);
    may_use(2, 2, 5);
    may_use(3, 8, 9);
    may_use(4, 14, 15);
    may_use(5, 9, 14);
    look(6, false);
    for (size_t r = 0; r < 6; r++) {
        assert_int_equal(place[r].group, r < 3 ? 0 : 3);
        assert_int_equal(place[r].group_ranks, 3);
        assert_int_equal(place[r].threads, 2);
    }
}

static void no_rank_goes_beyond_its_mask_or_below_one(void **state) {
    (void)state;
    make_node(8, 1);
    may_use(0, 0, 0);
    may_use(1, 0, 7);
    look(2, false);
    assert_int_equal(place[0].threads, 1);
    assert_int_equal(place[1].threads, 4);
    make_node(2, 1);
    for (size_t r = 0; r < 16; r++)
        may_use(r, 0, 1);
    look(16, false);
    for (size_t r = 0; r < 16; r++)
        assert_int_equal(place[r].threads, 1);
    check_problems(ONLY(PROBLEM_CROWD),
                   "more ranks than cores: 16 ranks take turns on 2 cores of h1",
                   ": mpirun -np 2 --map-by node:PE=1 --bind-to core ./vit_mpi ...");
}

static void sharing_without_yielding_is_told(void **state) {
    (void)state;
    make_node(2, 1);
    for (size_t r = 0; r < 3; r++) {
        may_use(r, 0, 1);
        place[r].yields = r == 0;
    }
    look(3, false);
    assert_int_equal(report.finding[PROBLEM_HOLDING].ranks, 2);
    assert_int_equal(report.finding[PROBLEM_HOLDING].first, 1);
    assert_non_null(strstr(placement.advice[1], "mpirun --mca mpi_yield_when_idle 1"));
    /* Enough cores for all. */
    make_node(2, 1);
    for (size_t r = 0; r < 2; r++) {
        may_use(r, 0, 1);
        place[r].yields = false;
    }
    look(2, false);
    check_problems(ONLY(PROBLEM_OVERLAP), "2 ranks", "./vit_mpi ...");
    for (size_t r = 0; r < 2; r++)
        place[r].pinned = true;
    look(2, false);
    assert_non_null(strstr(placement.advice[0], "OMP_PROC_BIND"));
}

static void one_core_of_many_is_told(void **state) {
    (void)state;
    make_node(64, 1);
    may_use(0, 5, 5);
    look(1, false);
    assert_int_equal(place[0].threads, 1);
    check_line("node h1     rank 0: core 5 of 64; 1 thread");
    check_problems(ONLY(PROBLEM_IDLE), "63 of 64 cores idle on h1: 1 rank may use 1 core only",
                   ": mpirun -np 1 --map-by node:PE=64 --bind-to core ./vit_mpi ...");
    make_node(64, 1);
    may_use(0, 5, 5);
    asks(0, ASKER_OPENMP, 8);
    look(1, true);
    assert_int_equal(place[0].threads, 8);
    check_problems(ONLY(PROBLEM_ONE_CORE),
                   "rank 0 on h1 may use one core only, on which its 8 threads (OMP_NUM_THREADS)",
                   ": srun --mpi=pmix -n 1 -c 8 --cpu-bind=cores ./vit_mpi ...");
    /* The only core there is. */
    make_node(1, 1);
    may_use(0, 0, 0);
    look(1, false);
    check_problems(NONE);
}

static void wishes_are_kept_and_judged(void **state) {
    (void)state;
    make_node(8, 1);
    may_use(0, 0, 7);
    asks(0, ASKER_JOB, 9);
    look(1, false);
    assert_int_equal(place[0].threads, 9);
    check_problems(ONLY(PROBLEM_THREADS),
                   "more threads than cores, by [run] threads: rank 0 on h1, 9 threads on 8 cores",
                   "no OMP_NUM_THREADS)");
    make_node(8, 1);
    may_use(0, 0, 7);
    asks(0, ASKER_OPENMP, 4);
    look(1, false);
    check_problems(ONLY(PROBLEM_IDLE), "4 of 8 cores idle on h1",
                   ": OMP_NUM_THREADS asks for no more threads");
    /* OpenMP may have fewer than there are cores; where it may have more the cores count. */
    for (uint32_t most = 3; most <= 9; most += 6) {
        make_node(8, 1);
        may_use(0, 0, 7);
        place[0].openmp_most = most;
        look(1, false);
        assert_int_equal(place[0].threads, most < 8 ? most : 8);
        if (most < 8)
            check_problems(ONLY(PROBLEM_IDLE), "5 of 8 cores idle on h1",
                           ": OMP_THREAD_LIMIT asks for no more threads");
        else
            check_problems(NONE);
    }
    /* Each has enough cores, both together have not. */
    make_node(8, 1);
    for (size_t r = 0; r < 2; r++) {
        may_use(r, 0, 7);
        asks(r, ASKER_JOB, 5);
    }
    look(2, false);
    check_problems(ONLY(PROBLEM_THREADS, PROBLEM_OVERLAP),
                   "more threads than cores, by [run] threads: 2 ranks (the first: rank 0 on h1), "
                   "10 threads together on 8 cores",
                   "no OMP_NUM_THREADS)");
    /* Slurm does not bind here, but was asked for 3 CPUs a task. */
    make_node(8, 1);
    for (size_t r = 0; r < 2; r++) {
        may_use(r, 0, 7);
        place[r].srun_cpus = 3;
    }
    node.usable = 6;
    look(2, true);
    assert_int_equal(place[0].threads, 3);
    check_line("node h1     ranks 0-1: cores 0-7 of 8, the same for all; 3 threads each");
    check_problems(ONLY(PROBLEM_OVERLAP), "2 ranks", "-n 2 -c 3 --cpu-bind=cores ./vit_mpi ...");
}

static void in_cgroup(size_t rank, size_t level, uint64_t inode, uint64_t milli) {
    place[rank].limit[level] = (CpuLimit){.device = 1, .inode = inode, .milli = milli};
}

static void limits_are_divided_among_the_ranks_in_them(void **state) {
    (void)state;
    make_node(64, 1);
    for (size_t r = 0; r < 4; r++) {
        may_use(r, 16 * r, 16 * r + 15);
        in_cgroup(r, 0, 7, 8900);
    }
    look(4, false);
    for (size_t r = 0; r < 4; r++)
        assert_int_equal(place[r].threads, 2);
    check_problems(ONLY(PROBLEM_LIMITED),
                   "a cgroup limits 4 ranks (the first: rank 0 on h1) to the time of 8.9 CPUs (4 "
                   "ranks together), so threads = auto takes 2 of 16 cores",
                   "in Kubernetes");
    /* A rank of its own cgroup, of 3 CPUs, and both together in one of 4; the third has none. */
    make_node(64, 1);
    for (size_t r = 0; r < 3; r++)
        may_use(r, 16 * r, 16 * r + 15);
    in_cgroup(0, 0, 7, 3000);
    in_cgroup(1, 0, 8, 1000);
    in_cgroup(0, 1, 9, 4000);
    in_cgroup(1, 1, 9, 4000);
    look(3, false);
    assert_int_equal(place[0].threads, 2);
    assert_int_equal(place[1].threads, 1);
    assert_int_equal(place[2].threads, 16);
}

static void too_tight_a_limit_is_told(void **state) {
    (void)state;
    make_node(2, 1);
    may_use(0, 0, 1);
    in_cgroup(0, 0, 7, 500);
    look(1, false);
    assert_int_equal(place[0].threads, 1);
    check_line("node h1     rank 0: cores 0-1 of 2; 1 thread; CPU limit 0.5");
    check_problems(ONLY(PROBLEM_OVER_LIMIT),
                   "a cgroup limits rank 0 on h1 to the time of 0.5 CPUs, too little for 1 thread,",
                   "in Kubernetes");
    make_node(2, 1);
    may_use(0, 0, 1);
    in_cgroup(0, 0, 7, 1000);
    asks(0, ASKER_JOB, 2);
    look(1, false);
    check_problems(ONLY(PROBLEM_OVER_LIMIT),
                   "a cgroup limits rank 0 on h1 to the time of 1 CPU, too little for 2 threads,",
                   "in Kubernetes");
}

static void ranks_that_do_not_divide_the_cores_are_told(void **state) {
    (void)state;
    make_node(7, 1);
    for (size_t r = 0; r < 4; r++)
        may_use(r, 0, 6);
    look(4, false);
    check_problems(ONLY(PROBLEM_OVERLAP, PROBLEM_IDLE), "4 ranks", "./vit_mpi ...");
    assert_string_equal(
        placement.advice[1],
        "3 of 7 cores idle on h1: 4 ranks do not divide 7 cores; take a number that "
        "does");
}

/* ---- many nodes ---- */

enum { NODES = 1000, EACH = 4 };

/* Rank r is on node r % NODES, or on r / EACH. */
static void make_cluster(NodeReport *reports, int *leader, bool by_node) {
    make_node(64, 1);
    for (size_t r = 0; r < EACH; r++)
        may_use(r, r, r);
    look(EACH, false);
    for (int n = 0; n < NODES; n++) {
        reports[n] = report;
        reports[n].first_rank = by_node ? n : EACH * n;
        for (size_t p = 0; p < PROBLEMS; p++)
            reports[n].finding[p].first = reports[n].first_rank;
        snprintf(reports[n].host, sizeof reports[n].host, "h%d", n);
    }
    for (int r = 0; r < NODES * EACH; r++)
        leader[r] = by_node ? r % NODES : r / EACH * EACH;
}

static void equal_nodes_share_a_line_and_an_advice(void **state) {
    (void)state;
    NodeReport *reports = test_array(NODES, sizeof *reports);
    int *leader = test_array(NODES * EACH, sizeof *leader);
    const Launch launch = {.ranks = NODES * EACH, .leader = leader};
    make_cluster(reports, leader, false);
    placement_tell(NODES, reports, &launch, &placement);
    check_line("1000 nodes  h0 ... h999, ranks 0-3999, 4 a node: cores 0, 1, 2, 3 of 64; 1 thread "
               "each");
    assert_int_equal(placement.nodes, NODES);
    assert_int_equal(placement.all_threads, NODES * EACH);
    assert_int_equal(placement.advices, 1);
    assert_string_equal(
        placement.advice[0],
        "60 of 64 cores idle on 1000 nodes (the first: h0): 4 ranks may use 4 cores "
        "only; for all: mpirun -np 4000 --map-by node:PE=16 --rank-by slot "
        "--bind-to core ./vit_mpi ...");
    /* Hosts that no batch system gives have to be named again. */
    const Launch listed = {.hosts_listed = true, .ranks = NODES * EACH, .leader = leader};
    placement_tell(NODES, reports, &listed, &placement);
    assert_non_null(strstr(placement.advice[0], "mpirun -np 4000 --hostfile HOSTS --map-by node"));
    /* One node is different. */
    make_cluster(reports, leader, true);
    may_use(0, 40, 42);
    look(EACH, false);
    report.first_rank = 1;
    strcpy(report.host, "h1");
    reports[1] = report;
    placement_tell(NODES, reports, &launch, &placement);
    assert_int_equal(placement.lines, 2);
    assert_string_equal(
        placement.line[1],
        "node h1     ranks 1, 1001, 2001, 3001: cores 0+40-42, 1, 2, 3 of 64; 4, 1, "
        "1, 1 threads");
    assert_int_equal(placement.most_threads, 4);
    assert_int_equal(placement.least_threads, 1);
    /* All are. */
    for (int n = 0; n < NODES; n++)
        reports[n].layout_hash = (uint64_t)n;
    placement_tell(NODES, reports, &launch, &placement);
    assert_int_equal(placement.lines, PLACEMENT_LINES);
    assert_string_equal(placement.line[PLACEMENT_LINES - 1], "nodes       993 more, unlike these");
    memory_free(reports);
    memory_free(leader);
}

/* ---- limits ---- */

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void make_files(void) {
    assert_int_equal(mkdir("two", 0777) | mkdir("two/a", 0777) | mkdir("two/a/b", 0777), 0);
    assert_int_equal(mkdir("one", 0777) | mkdir("one/job", 0777), 0);
    write_text("two/a/cpu.max", "250000 100000\n");
    write_text("two/a/b/cpu.max", "max 100000\n");
    write_text("one/job/cpu.cfs_quota_us", "50000\n");
    write_text("one/job/cpu.cfs_period_us", "20000\n");
    write_text("one/cpu.cfs_quota_us", "-1\n");
    write_text("one/cpu.cfs_period_us", "100000\n");
    write_text("mounts2", "30 20 0:5 / /proc rw - proc proc rw\n"
                          "31 20 0:6 / two rw,relatime shared:4 - cgroup2 cgroup2 rw\n");
    write_text("mounts1", "31 20 0:6 / memory rw - cgroup cgroup rw,memory\n"
                          "32 20 0:7 / one rw - cgroup cgroup rw,cpu,cpuacct\n");
}

static void limits_come_from_the_cgroup_and_those_above(void **state) {
    (void)state;
    CpuLimit limit[PLACE_LIMITS];
    struct stat status;
    make_files();
    write_text("cgroup", "0::/a/b\n");
    place_read_limits("cgroup", "mounts2", limit);
    assert_int_equal(limit[0].milli, 2500);
    assert_int_equal(stat("two/a", &status), 0);
    assert_int_equal(limit[0].inode, status.st_ino);
    assert_int_equal(limit[1].milli, 0);
    write_text("two/a/b/cpu.max", "150000 100000\n");
    place_read_limits("cgroup", "mounts2", limit);
    assert_int_equal(limit[0].milli, 1500);
    assert_int_equal(limit[1].milli, 2500);

    write_text("cgroup", "4:memory:/x\n3:cpu,cpuacct:/job\n0::/\n");
    place_read_limits("cgroup", "mounts1", limit);
    assert_int_equal(limit[0].milli, 2500);
    assert_int_equal(limit[1].milli, 0);
}

/* A container sees its own cgroup as the mount's root, under its outer name or as one above. */
static void containers_find_their_limit(void **state) {
    (void)state;
    CpuLimit limit[PLACE_LIMITS];
    make_files();
    write_text("two/cpu.max", "75000 100000\n");
    write_text("mounts2", "31 20 0:6 /docker/12 two ro - cgroup2 cgroup2 rw\n");
    for (int i = 0; i < 3; i++) {
        write_text("cgroup", i == 0 ? "0::/docker/12\n" : i == 1 ? "0::/\n" : "0::/../12\n");
        place_read_limits("cgroup", "mounts2", limit);
        assert_int_equal(limit[0].milli, 750);
        assert_int_equal(limit[1].milli, 0);
    }
    place_read_limits("nowhere", "mounts2", limit);
    assert_int_equal(limit[0].milli, 0);
}

static void slurm_counts_are_read(void **state) {
    (void)state;
    assert_int_equal(slurm_count("16", 0), 16);
    assert_int_equal(slurm_count("16", 1), 0);
    assert_int_equal(slurm_count("2(x3),1", 2), 2);
    assert_int_equal(slurm_count("2(x3),1", 3), 1);
    assert_int_equal(slurm_count("2(x3),1", 4), 0);
    assert_int_equal(slurm_count("4,2", 1), 2);
    assert_int_equal(slurm_count(NULL, 0), 0);
    assert_int_equal(slurm_count("many", 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_with_cores_of_their_own_use_them_all),
        cmocka_unit_test(hyperthreads_are_not_cores),
        cmocka_unit_test(ranks_on_hyperthreads_of_the_same_cores_share_them),
        cmocka_unit_test(a_core_counts_once_however_much_of_it_is_given),
        cmocka_unit_test(what_srun_gives_is_counted_in_cores),
        cmocka_unit_test(cores_are_those_of_the_tree),
        cmocka_unit_test(equal_masks_are_divided_evenly),
        cmocka_unit_test(partial_overlaps_are_divided_among_those_concerned),
        cmocka_unit_test(groups_are_connected_through_others),
        cmocka_unit_test(no_rank_goes_beyond_its_mask_or_below_one),
        cmocka_unit_test(sharing_without_yielding_is_told),
        cmocka_unit_test(one_core_of_many_is_told),
        cmocka_unit_test(wishes_are_kept_and_judged),
        cmocka_unit_test(limits_are_divided_among_the_ranks_in_them),
        cmocka_unit_test(too_tight_a_limit_is_told),
        cmocka_unit_test(ranks_that_do_not_divide_the_cores_are_told),
        cmocka_unit_test(equal_nodes_share_a_line_and_an_advice),
        test_in_folder(limits_come_from_the_cgroup_and_those_above),
        test_in_folder(containers_find_their_limit),
        cmocka_unit_test(slurm_counts_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
