vit_test(test_parameter model/test_parameter.c LIBRARIES vit_model)
