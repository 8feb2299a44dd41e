vit_test(test_safetensors exchange/test_safetensors.c LIBRARIES vit_exchange)
