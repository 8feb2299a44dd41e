vit_test(test_placement place/test_placement.c LIBRARIES vit_place)
target_include_directories(test_placement PRIVATE ${PROJECT_SOURCE_DIR}/src/place)

vit_test(test_threads place/test_threads.c LIBRARIES vit_place OpenMP::OpenMP_C)
set_tests_properties(test_threads PROPERTIES ENVIRONMENT "OMP_THREAD_LIMIT=3")

add_executable(test_free_thread place/test_free_thread.c)
target_link_libraries(test_free_thread PRIVATE vit_place Threads::Threads)
add_test(NAME test_free_thread COMMAND test_free_thread)
set_tests_properties(test_free_thread PROPERTIES LABELS place SKIP_RETURN_CODE 77 ENVIRONMENT "OMP_PROC_BIND=close;OMP_PLACES=cores")

add_executable(print_advice place/print_advice.c)
target_include_directories(print_advice PRIVATE ${PROJECT_SOURCE_DIR}/src/place)
target_link_libraries(print_advice PRIVATE vit_place)
vit_script(place_mapping place/mapping.sh)
