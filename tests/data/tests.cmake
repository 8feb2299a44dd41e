vit_test(test_data_file data/test_data_file.c LIBRARIES vit_data_set)

# vit_data: its drawing as a unit, the program through scripts.
set(tools ${PROJECT_SOURCE_DIR}/tools/data)
vit_test(test_synth data/test_synth.c LIBRARIES synth)
target_sources(test_synth PRIVATE ${tools}/data_synth.c ${tools}/data_write.c)
target_include_directories(test_synth PRIVATE ${tools})
vit_script(vit_data data/vit_data.sh)
vit_script(vit_data_import data/import.sh)
vit_script(vit_data_interrupt data/interrupt.sh TIMEOUT 300)
vit_script(vit_data_full_disk data/full_disk.sh)
vit_script(vit_data_real_cifar100 data/real_cifar100.sh TIMEOUT 600)

vit_test(test_epoch_order data/test_epoch_order.c LIBRARIES vit_data_set)
vit_test(test_batch data/test_batch.c LIBRARIES vit_data_set RANKS 1 2 3 4 16)
vit_test(test_augment data/test_augment.c LIBRARIES vit_data_set)
target_compile_definitions(test_augment PRIVATE
                           REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")
vit_test(test_mix data/test_mix.c LIBRARIES vit_data_set)
