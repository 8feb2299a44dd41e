/* Prints what the simulation and the formula take from the trainer's own headers. */

#include "report.h"
#include "vit/model_shape.h"
#include "vit/partition.h"
#include "vit/reduction.h"
#include <stdio.h>

/* Leaves into which a fat layer's rows are cut; ranks own whole ones. */
enum { FAT_LEAVES = 64 };

/* The weights of the smallest square layer that is fat, in images of the batch times its inputs and
 * outputs. */
static double fat_at(void) {
    size_t width = 1;
    while (!model_layer_is_fat(width, width, 1))
        width++;
    return (double)width / 2.0;
}

int main(void) {
    printf("piece_floats=%d sum_floats=%d report_values=%d chunk_images=%d "
           "fat_at=%g fat_leaves=%d\n",
           (int)PARTITION_PIECE_FLOATS, (int)REDUCTION_GRAIN, (int)REPORT_FIXED,
           (int)VIT_CHUNK_IMAGES, fat_at(), (int)FAT_LEAVES);
    return 0;
}
