vit_test(test_export export/test_export.c LIBRARIES vit_export_files)
vit_test(test_model_config export/test_model_config.c LIBRARIES vit_export_files)
vit_script(vit_export export/vit_export.sh)
