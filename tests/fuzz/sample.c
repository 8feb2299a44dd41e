/* sample FILE: writes the input that is a whole file to hdf5_edit.c. */

#include "fuzz.h"

int main(int argc, char **argv) {
    if (argc != 2)
        return 64;
    Sample sample = sample_make();
    FILE *stream = fopen(argv[1], "wb");
    DEMAND(stream && fputc(0, stream) == 0);
    DEMAND(fwrite(sample.byte, 1, sample.count, stream) == sample.count && fclose(stream) == 0);
    free(sample.byte);
    return 0;
}
