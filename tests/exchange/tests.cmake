vit_test(test_safetensors exchange/test_safetensors.c LIBRARIES vit_exchange)
vit_test(test_tensor_map exchange/test_tensor_map.c LIBRARIES vit_exchange)
vit_test(test_wire exchange/test_wire.c LIBRARIES vit_exchange)
target_include_directories(test_wire PRIVATE ${PROJECT_SOURCE_DIR}/src/exchange)
