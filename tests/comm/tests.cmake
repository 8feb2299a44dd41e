vit_test(test_ranks comm/test_ranks.c LIBRARIES vit_comm RANKS 1 2 3 4 16)
vit_test(test_exchanges comm/test_exchanges.c LIBRARIES vit_comm RANKS 1 2 3 4 16)
vit_test(test_slices comm/test_slices.c LIBRARIES vit_comm)
