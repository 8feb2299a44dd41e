#ifndef PMI_H
#define PMI_H

#include <stdbool.h>

/* Whether this MPI certainly cannot join processes by PMI, as launchers of other MPIs and srun
 * without PMIx offer it: an Open MPI whose components for PMIx are there, and none for PMI. False
 * too where that cannot be seen, as with components that are part of the library. Local; before
 * MPI_Init too. */
bool pmi_is_missing(void);

#endif
