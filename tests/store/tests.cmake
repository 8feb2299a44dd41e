vit_test(test_history store/test_history.c LIBRARIES vit_store)
target_link_options(test_history PRIVATE LINKER:--wrap=h5_close)
vit_test(test_checkpoint store/test_checkpoint.c LIBRARIES vit_store)
vit_test(test_checkpoint_damage store/test_checkpoint_damage.c LIBRARIES vit_store)
vit_test(test_checkpoint_last store/test_checkpoint_last.c LIBRARIES vit_store)
target_link_options(test_checkpoint_last PRIVATE
                    LINKER:--wrap=rename,--wrap=link,--wrap=unlink,--wrap=fsync,--wrap=h5_close)
vit_test(test_writer store/test_writer.c LIBRARIES vit_store)
