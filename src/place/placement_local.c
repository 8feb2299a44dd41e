#define _GNU_SOURCE /* CPU sets */
#include "placement_node.h"

#include "vit/environment.h"
#include "vit/list.h"
#include "vit/size.h"
#include "vit/threads.h"
#include <hwloc.h>
#include <limits.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the mask ---- */

static void set_processor(uint64_t *set, int processor) {
    if (processor >= 0 && processor < PLACE_PROCESSORS)
        set_add(set, (size_t)processor);
}

/* With OMP_PROC_BIND or OMP_PLACES the OpenMP library binds the first thread to the first place
 * before main is entered, so that its mask alone tells too little; the places were made from the
 * mask that the launcher gave. */
static void add_places(uint64_t *set) {
    for (int place = 0; place < omp_get_num_places(); place++) {
        const int processors = omp_get_place_num_procs(place);
        if (processors < 1)
            continue;
        int *id = malloc((size_t)processors * sizeof *id);
        if (!id)
            return;
        omp_get_place_proc_ids(place, id);
        for (int i = 0; i < processors; i++)
            set_processor(set, id[i]);
        free(id);
    }
}

static void read_mask(uint64_t *set) {
    cpu_set_t mask[PLACE_PROCESSORS / CPU_SETSIZE];
    CPU_ZERO_S(sizeof mask, mask);
    if (sched_getaffinity(0, sizeof mask, mask) != 0)
        CPU_SET_S(0, sizeof mask, mask);
    for (int i = 0; i < PLACE_PROCESSORS; i++)
        if (CPU_ISSET_S((size_t)i, sizeof mask, mask))
            set_processor(set, i);
    add_places(set);
}

void placement_free_thread(void) {
    uint64_t set[PLACE_WORDS] = {0};
    cpu_set_t mask[PLACE_PROCESSORS / CPU_SETSIZE];
    read_mask(set);
    CPU_ZERO_S(sizeof mask, mask);
    for (int i = 0; i < PLACE_PROCESSORS; i++)
        if (set_has(set, (size_t)i))
            CPU_SET_S((size_t)i, sizeof mask, mask);
    sched_setaffinity(0, sizeof mask, mask); /* where it fails, all is as before */
}

/* ---- wishes ---- */

/* What a launcher says of itself in numbers. */
static const char *const launchers_numbers[] = {"OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_CPUS_PER_TASK",
                                                "SLURM_THREADS_PER_CORE", "SLURM_CPUS_ON_NODE",
                                                "SLURM_NODEID"};

Status placement_check_environment(void) {
    size_t number;
    /* Slurm's count within its jobs. */
    for (size_t i = 0; i < sizeof launchers_numbers / sizeof *launchers_numbers; i++)
        if (strncmp(launchers_numbers[i], "SLURM_", 6) != 0 || getenv("SLURM_JOB_ID"))
            STATUS_TRY(environment_count(launchers_numbers[i], 0, INT_MAX, &number));
    const char *list = getenv("SLURM_JOB_ID") ? getenv("SLURM_STEP_TASKS_PER_NODE") : NULL;
    if (list && *list && slurm_count(list, 0) == 0)
        return status_fail(STATUS_USAGE,
                           "SLURM_STEP_TASKS_PER_NODE = '%s' in the environment: must be counts as "
                           "2(x3),1",
                           list);
    return threads_check_environment();
}

static bool started_by_mpirun(void) {
    return getenv("OMPI_COMM_WORLD_SIZE") != NULL;
}

static bool is_yes(const char *value) {
    return value && value[0] && strchr("1tTyY", value[0]);
}

/* Whether Open MPI gives up the core while it waits: when told to, by the user or by
 * placement_prepare, or when the launcher knew of more ranks than slots. (The MPI tool interface
 * would also see what is set in files, but takes 0.2 s to start.) */
static bool mpi_yields(void) {
    const char *told = getenv("OMPI_MCA_mpi_yield_when_idle");
    return is_yes(told ? told : getenv("OMPI_MCA_mpi_oversubscribe"));
}

/* Whether a CPU of Slurm's is a core: --hint=nomultithread, --threads-per-core=1. */
static bool slurm_leaves_hyperthreads(void) {
    const char *hint = getenv("SLURM_HINT");
    return (hint && strcmp(hint, "nomultithread") == 0) ||
           environment_number("SLURM_THREADS_PER_CORE") == 1;
}

void place_of_this_rank(RankPlace *place, int rank, size_t threads) {
    *place = (RankPlace){.rank = rank, .asked = (uint32_t)threads, .yields = mpi_yields()};
    read_mask(place->set);
    place_read_limits("/proc/self/cgroup", "/proc/self/mountinfo", place->limit);
    place->pinned = omp_get_num_places() > 0 && omp_get_proc_bind() != omp_proc_bind_false;
    if (threads) {
        place->asker = ASKER_JOB;
    } else if (threads_of_environment()) {
        place->asked = (uint32_t)threads_of_environment();
        place->asker = ASKER_OPENMP;
    }
    place->openmp_most = (uint32_t)omp_get_thread_limit();
    /* mpirun's ranks inherit the batch script's, which says nothing about them. */
    if (!started_by_mpirun() && getenv("SLURM_STEP_ID"))
        *(slurm_leaves_hyperthreads() ? &place->srun_cores : &place->srun_cpus) =
            (uint32_t)environment_number("SLURM_CPUS_PER_TASK");
}

/* ---- limits of processor time ---- */

/* Two numbers of two files or one; a word ("max") leaves -1. */
static void read_numbers(const char *folder, const char *name, long long *first,
                         long long *second) {
    char path[4352], text[64] = "";
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    if (fgets(text, sizeof text, file)) {
        char *rest = strchr(text, ' ');
        if (strncmp(text, "max", 3) != 0)
            *first = strtoll(text, NULL, 10);
        if (rest && second)
            *second = strtoll(rest, NULL, 10);
    }
    fclose(file);
}

static void add_limit(const char *folder, int version, CpuLimit *limit) {
    long long quota = -1, period = 100000;
    struct stat status;
    if (version == 2) {
        read_numbers(folder, "cpu.max", &quota, &period);
    } else {
        read_numbers(folder, "cpu.cfs_quota_us", &quota, NULL);
        read_numbers(folder, "cpu.cfs_period_us", &period, NULL);
    }
    if (quota <= 0 || period <= 0 || stat(folder, &status) != 0)
        return;
    const CpuLimit found = {.device = status.st_dev,
                            .inode = status.st_ino,
                            .milli = (uint64_t)(quota * 1000 / period ? quota * 1000 / period : 1)};
    for (size_t i = 0; i < PLACE_LIMITS; i++) {
        /* A hierarchy may be mounted twice. */
        if (limit[i].milli && limit[i].device == found.device && limit[i].inode == found.inode)
            return;
        if (!limit[i].milli) {
            limit[i] = found;
            return;
        }
    }
}

/* The cgroup and all above it that the mount shows. */
static void add_limits_upwards(const char *mount, const char *root, const char *cgroup, int version,
                               CpuLimit *limit) {
    char folder[4352];
    const size_t root_length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    const size_t mount_length = strlen(mount);
    const char *below = strncmp(cgroup, root, root_length) == 0 ? cgroup + root_length : "";
    if (strncmp(below, "/..", 3) == 0) /* outside of what this container sees */
        below = "";
    snprintf(folder, sizeof folder, "%s%s", mount, below);
    for (size_t length = strlen(folder); length >= mount_length; length--) {
        if (length > mount_length && folder[length] != '\0' && folder[length] != '/')
            continue;
        folder[length] = '\0';
        if (length == mount_length || folder[length - 1] != '/')
            add_limit(folder, version, limit);
    }
}

/* The process's place in the hierarchy of that version: lines are "number:controllers:path". */
static bool read_cgroup(const char *cgroup_file, int version, char path[static 4096]) {
    char line[4352];
    bool found = false;
    FILE *file = fopen(cgroup_file, "r");
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *name = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!name)
            continue;
        *name = '\0';
        found = version == 2 ? controllers[1] == '\0' : list_has(controllers + 1, "cpu");
        if (found)
            snprintf(path, 4096, "%s", name + 1);
    }
    if (file)
        fclose(file);
    return found;
}

void place_read_limits(const char *cgroup_file, const char *mounts_file,
                       CpuLimit limit[PLACE_LIMITS]) {
    char line[8192], cgroup[3][4096];
    const bool known[3] = {false, read_cgroup(cgroup_file, 1, cgroup[1]),
                           read_cgroup(cgroup_file, 2, cgroup[2])};
    FILE *file = fopen(mounts_file, "r");
    memset(limit, 0, PLACE_LIMITS * sizeof *limit);
    while (file && fgets(line, sizeof line, file)) {
        char root[4096], mount[4096], type[64], options[4096];
        /* number parent device root mount options [tags] - type source superblock's-options */
        const char *rest = strstr(line, " - ");
        if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", root, mount) != 2 ||
            sscanf(rest, " - %63s %*s %4095s", type, options) != 2)
            continue;
        const int version = strcmp(type, "cgroup2") == 0 ? 2 : 1;
        if (version == 1 && (strcmp(type, "cgroup") != 0 || !list_has(options, "cpu")))
            continue;
        if (known[version])
            add_limits_upwards(mount, root, cgroup[version], version, limit);
    }
    if (file)
        fclose(file);
}

/* ---- the machine ---- */

static void read_topology(hwloc_topology_t topology, NodeCores *node) {
    for (int i = 0; i < PLACE_PROCESSORS; i++)
        node->core[i] = NO_CORE;
    uint16_t in_core[PLACE_PROCESSORS] = {0};
    bool usable[PLACE_PROCESSORS] = {false};
    const hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_cpuset(topology);
    hwloc_obj_t processor = NULL;
    while ((processor = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, processor))) {
        hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, processor);
        const unsigned number = core ? core->logical_index : processor->logical_index;
        if (processor->os_index >= PLACE_PROCESSORS || number >= PLACE_PROCESSORS)
            continue;
        node->core[processor->os_index] = (uint16_t)number;
        if (++in_core[number] > node->width)
            node->width = in_core[number];
        if (number + 1 > node->cores)
            node->cores = number + 1;
        if (hwloc_bitmap_isset(allowed, processor->os_index))
            usable[number] = true;
    }
    for (size_t i = 0; i < node->cores; i++)
        node->usable += usable[i];
}

/* Cores and processors alone, with those that the cgroup forbids; much of a machine is slow to look
 * at. */
static bool load_topology(hwloc_topology_t *topology) {
    if (hwloc_topology_init(topology) != 0)
        return false;
    if (hwloc_topology_set_all_types_filter(*topology, HWLOC_TYPE_FILTER_KEEP_NONE) == 0 &&
        hwloc_topology_set_type_filter(*topology, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL) ==
            0 &&
        hwloc_topology_set_flags(*topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) == 0 &&
        hwloc_topology_load(*topology) == 0)
        return true;
    hwloc_topology_destroy(*topology);
    return false;
}

void node_cores_of_this_node(NodeCores *node) {
    hwloc_topology_t topology;
    *node = (NodeCores){0};
    if (load_topology(&topology)) {
        read_topology(topology, node);
        hwloc_topology_destroy(topology);
    }
    if (node->cores == 0) {
        node->cores = PLACE_PROCESSORS;
        node->width = 1;
        for (int i = 0; i < PLACE_PROCESSORS; i++)
            node->core[i] = (uint16_t)i;
    }
    /* Slurm may have given a part of the node without confining the job to it. */
    const size_t given = getenv("SLURM_JOB_ID") ? environment_number("SLURM_CPUS_ON_NODE") : 0;
    const size_t given_cores = size_groups(given, node->width);
    if (given && given_cores < node->usable)
        node->usable = given_cores;
}

/* ---- before MPI ---- */

size_t slurm_count(const char *list, size_t n) {
    for (char *end; list && *list; list = *end == ',' ? end + 1 : NULL) {
        const long value = strtol(list, &end, 10);
        long times = 1;
        if (value < 1 || end == list)
            return 0;
        if (strncmp(end, "(x", 2) == 0) {
            times = strtol(end + 2, &end, 10);
            end += *end == ')';
        }
        if (times < 1 || n < (size_t)times)
            return times < 1 ? 0 : (size_t)value;
        n -= (size_t)times;
    }
    return 0;
}

/* Ranks that the launcher starts on this node; 0 when it does not say. */
static size_t local_ranks(void) {
    if (started_by_mpirun())
        return environment_number("OMPI_COMM_WORLD_LOCAL_SIZE");
    if (getenv("SLURM_STEP_ID"))
        return slurm_count(getenv("SLURM_STEP_TASKS_PER_NODE"), environment_number("SLURM_NODEID"));
    return 0;
}

/* Whether the launcher gave this rank a part of the node, so that others have other cores. */
static bool bound_by_launcher(void) {
    const char *slurm = getenv("SLURM_CPU_BIND_TYPE");
    if (started_by_mpirun())
        return getenv("OMPI_MCA_orte_bound_at_launch") != NULL;
    return slurm && (strncmp(slurm, "mask_cpu", 8) == 0 || strncmp(slurm, "map_cpu", 7) == 0);
}

void placement_prepare(void) {
    uint64_t set[PLACE_WORDS] = {0};
    read_mask(set);
    size_t processors = set_count(set);
    if (bound_by_launcher()) {
        const long online = sysconf(_SC_NPROCESSORS_ONLN);
        processors = online > 0 ? (size_t)online : processors;
    }
    if (local_ranks() > processors)
        setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
}
