vit_test(test_safetensors exchange/test_safetensors.c LIBRARIES vit_exchange)
vit_test(test_tensor_map exchange/test_tensor_map.c LIBRARIES vit_exchange)
