vit_test(test_history train/test_history.c LIBRARIES vit_train)
vit_test(test_checkpoint train/test_checkpoint.c LIBRARIES vit_train)
