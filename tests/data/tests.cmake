vit_test(test_data_file data/test_data_file.c LIBRARIES vit_data_set)
