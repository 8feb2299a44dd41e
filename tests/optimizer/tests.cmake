vit_test(test_adamw optimizer/test_adamw.c LIBRARIES vit_optimizer)
target_compile_definitions(test_adamw PRIVATE REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")
vit_test(test_average optimizer/test_average.c LIBRARIES vit_optimizer)
vit_test(test_rule optimizer/test_rule.c LIBRARIES vit_optimizer)
vit_test(test_schedule optimizer/test_schedule.c LIBRARIES vit_optimizer)
vit_test(test_partition optimizer/test_partition.c LIBRARIES vit_optimizer)

vit_test(test_replica optimizer/test_replica.c LIBRARIES vit_optimizer RANKS 2 4)
vit_test(test_collection optimizer/test_collection.c LIBRARIES vit_optimizer RANKS 1 2 3 4 16)
vit_test(test_weight_gather optimizer/test_weight_gather.c LIBRARIES vit_optimizer RANKS 1 2 3 4 16)
target_link_options(test_weight_gather PRIVATE LINKER:--wrap=range_gather_post,--wrap=range_gather_wait)
vit_test(test_reduction optimizer/test_reduction.c LIBRARIES vit_optimizer RANKS 1 2 4 5 16)
target_link_options(test_reduction PRIVATE LINKER:--wrap=MPI_Waitall)
vit_test(test_optimizer optimizer/test_optimizer.c LIBRARIES vit_optimizer RANKS 1 2 3 5 16)
vit_test(test_whole_tensors optimizer/test_whole_tensors.c LIBRARIES vit_optimizer vit_store RANKS 1 2 3 4)
vit_test(test_optimizer_cost optimizer/test_optimizer_cost.c LIBRARIES vit_optimizer RANKS 1 2 3 4)
target_link_options(test_optimizer_cost PRIVATE
                    LINKER:--wrap=MPI_Isend,--wrap=MPI_Iallgatherv,--wrap=memory_allocate
                    LINKER:--wrap=fat_layers_forward,--wrap=fat_layers_backward)
