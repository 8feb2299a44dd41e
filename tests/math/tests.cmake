vit_test(test_kernels math/test_kernels.c LIBRARIES vit_math)
vit_test(test_gemm math/test_gemm.c LIBRARIES vit_math)
# The same with BLIS alone, the complete fallback.
add_test(NAME test_gemm.blis COMMAND test_gemm)
set_tests_properties(test_gemm.blis PROPERTIES ENVIRONMENT VIT_GEMM=blis LABELS math TIMEOUT 120)
vit_test(test_arithmetic math/test_arithmetic.c LIBRARIES vit_math)
vit_test(test_gemm_blis math/test_gemm_blis.c LIBRARIES vit_math)
target_include_directories(test_gemm_blis PRIVATE ${PROJECT_SOURCE_DIR}/src/math)
target_include_directories(test_gemm_blis SYSTEM PRIVATE ${BLIS_INCLUDE_DIR})
