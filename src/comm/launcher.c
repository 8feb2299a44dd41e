#include "vit/launcher.h"

#include "pmi.h"
#include "vit/environment.h"
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where a launcher tells a process how many there are and which one it is; and what to say of it
 * where they do not find each other. */
typedef struct Launcher {
    const char *ranks, *rank; /* environment variables */
    const char *name, *instead;
} Launcher;

/* In this order: each may have been started by one further down. mpirun starts its daemons through
 * srun, and so does MPICH's mpiexec; their processes inherit srun's variables. */
static const Launcher launchers[] = {
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "mpirun of another Open MPI", ""},
    {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK", "the launcher of MVAPICH", ""},
    {"PMI_SIZE", "PMI_RANK",
     "a launcher of another MPI (mpiexec of MPICH or Intel MPI, srun --mpi=pmi2)", ""},
    {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "srun without a PMIx for this MPI",
     "srun --mpi=pmix (srun --mpi=list tells whether it is there), or "},
};
enum { LAUNCHERS = sizeof launchers / sizeof *launchers, BY_MPIRUN = 0, BY_SRUN = LAUNCHERS - 1 };

/* What Open MPI knows a step by: without it, it makes a world of one. */
static const char step_variable[] = "SLURM_STEP_ID";

static int number(const char *name) {
    return (int)environment_number(name);
}

/* Whose PMIx a process has, by the name of its ranks' space. */
typedef enum Pmix {
    PMIX_NONE,
    PMIX_OF_SLURM,
    PMIX_OF_OTHERS /* Flux, PRRTE, mpirun */
} Pmix;

/* A shell in a step of Slurm's hands its variables on to the steps that are started from it. Only
 * steps are compared: the job in the name may be the leader of several. */
static Pmix find_pmix(void) {
    const char *space = getenv("PMIX_NAMESPACE"), *own = getenv(step_variable);
    unsigned job = 0, step = 0;
    char more = '\0';
    if (!getenv("PMIX_RANK"))
        return PMIX_NONE;
    if (!space || strncmp(space, "slurm.", strlen("slurm.")) != 0)
        return space ? PMIX_OF_OTHERS : PMIX_OF_SLURM;
    const bool named = sscanf(space, "slurm.pmix.%u.%u%c", &job, &step, &more) == 2;
    return named && own && strtoul(own, NULL, 10) != step ? PMIX_NONE : PMIX_OF_SLURM;
}

/* The one that started this process with others, or LAUNCHERS. One that started this process alone
 * may be of a shell that srun was called from, but for mpirun. In a batch script Slurm tells of no
 * step. */
static int find_launcher(void) {
    int i = 0;
    while (i < LAUNCHERS && number(launchers[i].ranks) < (i == BY_MPIRUN ? 1 : 2))
        i++;
    return i == BY_SRUN && find_pmix() == PMIX_OF_OTHERS ? LAUNCHERS : i;
}

/* Whether nothing is there by which MPI could join what srun, or a launcher within its step, has
 * started. Open MPI then ends the process in MPI_Init, in its own words. */
static bool is_hopeless(void) {
    if (find_pmix() != PMIX_NONE)
        return false;
    const bool step = getenv(step_variable) || find_launcher() == BY_SRUN;
    const bool offered = getenv("PMI_RANK") || getenv("PMI_FD");
    return step && (!offered || pmi_is_missing());
}

/* Whether a person has started this process from a shell in a step of Slurm's: what srun starts
 * itself has no terminal, whatever variables it inherits. */
static bool is_by_hand(void) {
    if (find_launcher() != BY_SRUN)
        return false;
    const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal >= 0)
        close(terminal);
    return terminal >= 0;
}

static bool is_alone_by_right(void) {
    return launcher_ranks() == 1 || is_by_hand();
}

/* "Open MPI v4.1.4" */
static void library_version(char text[MPI_MAX_LIBRARY_VERSION_STRING]) {
    int length = 0;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
}

static Status refuse(const Launcher *launcher) {
    char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    library_version(version);
    return status_fail(STATUS_USAGE,
                       "%s started %d processes (%s=%d) that know nothing of each other: nothing "
                       "is done; use %smpirun of %s",
                       launcher->name, number(launcher->ranks), launcher->ranks,
                       number(launcher->ranks), launcher->instead, version);
}

/* Its value while MPI_Init is not to see it. */
static char hidden_step[32];

static void hide_step(void) {
    const char *step = getenv(step_variable);
    snprintf(hidden_step, sizeof hidden_step, "%s", step ? step : "");
    unsetenv(step_variable);
}

Status launcher_prepare(void) {
    const bool hopeless = is_hopeless();
    if (hopeless && !is_alone_by_right())
        return refuse(&launchers[find_launcher()]);
    /* Slurm's PMIx lets one process in for each task: of a shell's programs only the first, and it
     * ends the step when a second one wants to join. */
    if (hopeless || (number(launchers[BY_SRUN].ranks) == 1 && find_pmix() == PMIX_OF_SLURM))
        hide_step();
    return STATUS_OK;
}

Status launcher_check(int ranks) {
    /* What a step of one task says of cores is right for this process too. */
    if (*hidden_step && launcher_ranks() == 1)
        setenv(step_variable, hidden_step, 1);
    *hidden_step = '\0';
    return ranks > 1 || is_alone_by_right() ? STATUS_OK : refuse(&launchers[find_launcher()]);
}

int launcher_rank(void) {
    const int found = find_launcher();
    return found < LAUNCHERS ? number(launchers[found].rank) : 0;
}

int launcher_ranks(void) {
    const int found = find_launcher();
    return found < LAUNCHERS ? number(launchers[found].ranks) : 1;
}

bool launcher_is_one_host(void) {
    const int found = find_launcher();
    if (found == BY_MPIRUN)
        return number("OMPI_COMM_WORLD_LOCAL_SIZE") == number("OMPI_COMM_WORLD_SIZE");
    return found == LAUNCHERS || (found == BY_SRUN && number("SLURM_STEP_NUM_NODES") == 1);
}
