# The tables of options in the READMEs are what the programs take.
function(vit_readme_table name readme)
  add_test(NAME readme_options.${name}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tools/readme_options $<TARGET_FILE:print_options> ${name}
                   ${PROJECT_SOURCE_DIR}/${readme})
  set_tests_properties(readme_options.${name} PROPERTIES TIMEOUT 60 LABELS tools)
endfunction()
vit_readme_table(job jobs/README.md)
vit_readme_table(vit_mpi jobs/README.md)
vit_readme_table(vit_data tools/README.md)
vit_readme_table(vit_export tools/README.md)
vit_readme_table(vit_bench tools/README.md)
vit_readme_table(vit_predict tools/README.md)
vit_readme_table(vit_report tools/README.md)

# The map of the sources, and what READMEs lead to, are there.
foreach(check map links)
  add_test(NAME readme_${check} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tools/readme_${check} ${PROJECT_SOURCE_DIR})
  set_tests_properties(readme_${check} PROPERTIES TIMEOUT 60 LABELS tools)
endforeach()

vit_script(vit_bench tools/bench.sh TIMEOUT 300)
set_tests_properties(vit_bench PROPERTIES PROCESSORS 2)
vit_script(vit_bench_rates tools/bench_rates.sh TIMEOUT 300)
set_tests_properties(vit_bench_rates PROPERTIES RUN_SERIAL TRUE)
vit_script(agree tools/agree.sh)
vit_script(scaling tools/scaling.sh TIMEOUT 300)
set_tests_properties(scaling PROPERTIES PROCESSORS 2)
vit_script(scaling_model tools/sim.sh TIMEOUT 120)
add_executable(print_model tools/print_model.c)
target_link_libraries(print_model PRIVATE vit_model)
vit_script(setup tools/setup.sh)
vit_script(install tools/install.sh)
