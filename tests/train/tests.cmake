vit_test(test_history train/test_history.c LIBRARIES vit_train)
target_link_options(test_history PRIVATE LINKER:--wrap=h5_close)
vit_test(test_checkpoint train/test_checkpoint.c LIBRARIES vit_train)
vit_test(test_checkpoint_damage train/test_checkpoint_damage.c LIBRARIES vit_train)
vit_test(test_checkpoint_last train/test_checkpoint_last.c LIBRARIES vit_train)
target_link_options(test_checkpoint_last PRIVATE
                    LINKER:--wrap=rename,--wrap=link,--wrap=unlink,--wrap=fsync,--wrap=h5_close)
vit_test(test_writer train/test_writer.c LIBRARIES vit_train)
target_include_directories(test_writer PRIVATE ${PROJECT_SOURCE_DIR}/src/train)
vit_test(test_adamw train/test_adamw.c LIBRARIES vit_train)
target_compile_definitions(test_adamw PRIVATE REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")

vit_test(test_replica train/test_replica.c LIBRARIES vit_train RANKS 2 4)
target_include_directories(test_replica PRIVATE ${PROJECT_SOURCE_DIR}/src/train)

vit_test(test_pace train/test_pace.c LIBRARIES vit_train RANKS 2 3)
target_include_directories(test_pace PRIVATE ${PROJECT_SOURCE_DIR}/src/train)

add_executable(set_label train/set_label.c)
target_link_libraries(set_label PRIVATE vit_hdf5)

add_executable(vit_mpi_flip ${PROJECT_SOURCE_DIR}/src/main.c train/flip_bit.c)
target_link_libraries(vit_mpi_flip PRIVATE vit_train)
target_include_directories(vit_mpi_flip PRIVATE ${PROJECT_SOURCE_DIR}/src/train)
target_link_options(vit_mpi_flip PRIVATE LINKER:--wrap=run_check_replicas)

add_executable(vit_mpi_fault ${PROJECT_SOURCE_DIR}/src/main.c train/fault.c)
target_link_libraries(vit_mpi_fault PRIVATE vit_train)
target_link_options(vit_mpi_fault PRIVATE LINKER:--wrap=program_run,--wrap=ranks_agree,--wrap=memory_allocate,--wrap=fsync)

# Whole trainings, through mpiexec. They use all cores.
foreach(script agree binding cut_link ranks replica resume life bad_input signals numbers lost_peer full_disk)
  vit_script(train_${script} train/${script}.sh TIMEOUT 600)
  set_tests_properties(train_${script} PROPERTIES PROCESSORS 2)
endforeach()
