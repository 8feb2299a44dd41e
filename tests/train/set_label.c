/* set_label DATA.h5 ROW LABEL: overwrites one training label with any value, which vit_data would
 * not. For the shell tests. */

#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    if (argc != 4)
        return 64;
    const hsize_t row = strtoull(argv[2], NULL, 10), one = 1;
    const uint16_t label = (uint16_t)strtoul(argv[3], NULL, 10);
    const hid_t file = H5Fopen(argv[1], H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t labels = H5Dopen2(file, "/train/labels", H5P_DEFAULT);
    const hid_t place = H5Dget_space(labels), memory = H5Screate_simple(1, &one, NULL);
    const int failed = H5Sselect_hyperslab(place, H5S_SELECT_SET, &row, NULL, &one, NULL) < 0 ||
                       H5Dwrite(labels, H5T_NATIVE_UINT16, memory, place, H5P_DEFAULT, &label) < 0;
    H5Sclose(memory);
    H5Sclose(place);
    H5Dclose(labels);
    return H5Fclose(file) < 0 || failed;
}
