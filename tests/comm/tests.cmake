vit_test(test_ranks comm/test_ranks.c LIBRARIES vit_comm RANKS 1 2 3 4 16)
vit_test(test_exchanges comm/test_exchanges.c LIBRARIES vit_comm RANKS 1 2 3 4 16)

vit_test(test_placement comm/test_placement.c LIBRARIES vit_comm)
target_include_directories(test_placement PRIVATE ${PROJECT_SOURCE_DIR}/src/comm)
