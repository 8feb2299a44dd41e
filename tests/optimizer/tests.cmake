vit_test(test_adamw optimizer/test_adamw.c LIBRARIES vit_optimizer)
target_compile_definitions(test_adamw PRIVATE REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")

vit_test(test_replica optimizer/test_replica.c LIBRARIES vit_optimizer RANKS 2 4)

