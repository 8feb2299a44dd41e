add_executable(print_options tools/print_options.c)
target_link_libraries(print_options PRIVATE vit_base)
add_test(NAME readme_options
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tools/readme_options $<TARGET_FILE:print_options>
                 ${PROJECT_SOURCE_DIR}/jobs/README.md)
set_tests_properties(readme_options PROPERTIES TIMEOUT 60 LABELS tools)

vit_script(vit_bench tools/bench.sh TIMEOUT 300)
set_tests_properties(vit_bench PROPERTIES PROCESSORS 2)
vit_script(scaling tools/scaling.sh TIMEOUT 300)
set_tests_properties(scaling PROPERTIES PROCESSORS 2)
vit_script(scaling_model tools/sim.sh TIMEOUT 120)
