/* edit_weights CHECKPOINT [VALUE]: changes one weight, to VALUE (which may be nan), behind the back
 * of its digest. For the shell tests. */

#include <hdf5.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    if (argc < 2)
        return 64;
    float values[16384];
    const hid_t file = H5Fopen(argv[1], H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t bias = H5Dopen2(file, "/model/logits/bias", H5P_DEFAULT);
    int failed = H5Dread(bias, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0;
    values[0] = argc > 2 ? strtof(argv[2], NULL) : values[0] + 0.5f;
    failed |= H5Dwrite(bias, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0;
    H5Dclose(bias);
    return H5Fclose(file) < 0 || failed;
}
