vit_test(test_answers train/test_answers.c LIBRARIES vit_train RANKS 1 2 3)
vit_test(test_command train/test_command.c LIBRARIES vit_train)
vit_test(test_display train/test_display.c LIBRARIES vit_train RANKS 1)
vit_test(test_evaluation train/test_evaluation.c LIBRARIES vit_train RANKS 1 2 3)
vit_test(test_input train/test_input.c LIBRARIES vit_train RANKS 1 2 3)
vit_test(test_measure train/test_measure.c LIBRARIES vit_train RANKS 1 2 3)
vit_test(test_pace train/test_pace.c LIBRARIES vit_train RANKS 2 3)
vit_test(test_plan train/test_plan.c LIBRARIES vit_train RANKS 1 2 3)
vit_test(test_report train/test_report.c LIBRARIES vit_train RANKS 1 2 3 4 16)
vit_test(test_saver train/test_saver.c LIBRARIES vit_train RANKS 1 2)
foreach(test answers display evaluation input measure pace plan report saver)
  target_include_directories(test_${test} PRIVATE ${PROJECT_SOURCE_DIR}/src/train)
endforeach()
vit_test(test_stop train/test_stop.c LIBRARIES vit_train)

add_executable(stand_still train/stand_still.c)
target_link_libraries(stand_still PRIVATE vit_train)
target_include_directories(stand_still PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
vit_script(train_watchdog train/watchdog.sh TIMEOUT 300)
set_tests_properties(train_watchdog PROPERTIES PROCESSORS 2)

foreach(program set_label edit_weights foreign)
  add_executable(${program} train/${program}.c)
  target_link_libraries(${program} PRIVATE vit_hdf5)
endforeach()

add_executable(make_pictures train/make_pictures.c)
target_link_libraries(make_pictures PRIVATE vit_data_set)

foreach(library fail_io wait_io)
  add_library(${library} SHARED train/${library}.c)
  target_link_libraries(${library} PRIVATE ${CMAKE_DL_LIBS})
endforeach()

add_executable(vit_mpi_flip ${PROJECT_SOURCE_DIR}/src/main.c train/flip_bit.c)
target_link_libraries(vit_mpi_flip PRIVATE vit_train)
target_include_directories(vit_mpi_flip PRIVATE ${PROJECT_SOURCE_DIR}/src/train)
target_link_options(vit_mpi_flip PRIVATE LINKER:--wrap=replica_check)

add_executable(vit_mpi_fault ${PROJECT_SOURCE_DIR}/src/main.c train/fault.c)
target_link_libraries(vit_mpi_fault PRIVATE vit_train)
target_link_options(vit_mpi_fault PRIVATE LINKER:--wrap=program_run,--wrap=ranks_agree,--wrap=memory_allocate,--wrap=fsync)

# Whole trainings, through mpiexec. They use all cores.
foreach(script agree alike average binding bridges failure foreign job_files schedule start stratified cut_link denormals one_folder pictures ranks replica resume life bad_input signals numbers launchers lost_peer full_disk tensorboard)
  vit_script(train_${script} train/${script}.sh TIMEOUT 600)
  set_tests_properties(train_${script} PROPERTIES PROCESSORS 2)
endforeach()
# But these wait more than they compute, for starts and ends of short runs or for time to pass: two at a time, and early.
foreach(script agree alike bad_input bridges cut_link failure launchers lost_peer one_folder)
  set_tests_properties(train_${script} PROPERTIES PROCESSORS 1 COST 300)
endforeach()
# They make the same network namespaces.
set_tests_properties(train_bridges train_cut_link PROPERTIES RESOURCE_LOCK hosts)
