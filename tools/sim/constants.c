/* Prints what the simulation and the formula take from the trainer's own headers. */

#include "report.h"
#include "vit/partition.h"
#include "vit/reduction.h"
#include <stdio.h>

int main(void) {
    printf("piece_floats=%d sum_floats=%d report_values=%d chunk_images=%d thread_images=%d\n",
           (int)PARTITION_PIECE_FLOATS, (int)REDUCTION_GRAIN, (int)REPORT_FIXED,
           (int)VIT_CHUNK_IMAGES, (int)VIT_THREAD_IMAGES);
    return 0;
}
