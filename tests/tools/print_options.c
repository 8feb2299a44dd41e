/* Prints the option table as jobs/README.md shows it. */
#include "vit/job.h"

int main(void) {
    job_print_options(stdout, true);
    return 0;
}
