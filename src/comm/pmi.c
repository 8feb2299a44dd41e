#include "pmi.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder of MPI's library in this process; "" where it is part of the program. */
static void find_library(char folder[PATH_MAX]) {
    char line[PATH_MAX + 128];
    *folder = '\0';
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && !*folder && fgets(line, sizeof line, maps)) {
        char *path = strchr(line, '/'), *name = strstr(line, "/libmpi.so");
        if (!path || !name)
            continue;
        *name = '\0';
        snprintf(folder, PATH_MAX, "%s", path);
    }
    if (maps)
        fclose(maps);
}

/* Whether Open MPI has a component of that name (a pattern): as it installs itself, or as Debian
 * does. */
static bool has_component(const char *library, const char *name) {
    const char *const places[] = {"openmpi*", "openmpi/lib/openmpi*"};
    bool found = false;
    for (size_t i = 0; i < sizeof places / sizeof *places && !found; i++) {
        char pattern[PATH_MAX + 128];
        glob_t paths = {0};
        snprintf(pattern, sizeof pattern, "%s/%s/mca_pmix_%s.so", library, places[i], name);
        found = glob(pattern, GLOB_NOSORT, NULL, &paths) == 0;
        globfree(&paths);
    }
    return found;
}

bool pmi_is_missing(void) {
    char library[PATH_MAX];
    find_library(library);
    if (!*library || !has_component(library, "*"))
        return false;
    /* Flux may run within a step of Slurm's. */
    const bool flux = getenv("FLUX_JOB_ID") && has_component(library, "flux");
    return !flux && !has_component(library, "s[12]") && !has_component(library, "cray");
}
