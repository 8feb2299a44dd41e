vit_test(test_ranks comm/test_ranks.c LIBRARIES vit_comm RANKS 1 2 3 4 16)
vit_test(test_exchanges comm/test_exchanges.c LIBRARIES vit_comm RANKS 1 2 3 4 16)

vit_test(test_placement comm/test_placement.c LIBRARIES vit_comm)
target_include_directories(test_placement PRIVATE ${PROJECT_SOURCE_DIR}/src/comm)

add_executable(test_free_thread comm/test_free_thread.c)
target_link_libraries(test_free_thread PRIVATE vit_comm Threads::Threads)
add_test(NAME test_free_thread COMMAND test_free_thread)
set_tests_properties(test_free_thread PROPERTIES LABELS comm SKIP_RETURN_CODE 77 ENVIRONMENT "OMP_PROC_BIND=close;OMP_PLACES=cores")
