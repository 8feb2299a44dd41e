#include "vit/alike.h"

#include "vit/log.h"
#include "vit/memory.h"

Status alike_choose(const Ranks *ranks, const Arithmetic *own, ArithmeticChoice *choice) {
    const size_t size = (size_t)ranks->size;
    Arithmetic *all;
    STATUS_TRY(ranks_agree(ranks, memory_allocate(&all, size, sizeof *all, "what ranks can do")));
    ranks_gather(ranks, own, sizeof *own, all);
    const Status status = arithmetic_join(all, size, choice);
    memory_free(all);
    if (status == STATUS_OK)
        arithmetic_use(own, choice);
    return status;
}

void alike_say(const ArithmeticChoice *choice) {
    if (choice->lesser >= 0)
        log_info("              on all ranks alike: rank %d can do no more, or is asked for this",
                 choice->lesser);
}
