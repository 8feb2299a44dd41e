# What is made of a model's answers, for vit_predict and vit_report.
vit_test(test_class_top results/test_class_top.c LIBRARIES results)
vit_test(test_class_results results/test_class_results.c LIBRARIES results)
