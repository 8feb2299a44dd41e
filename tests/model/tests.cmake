vit_test(test_parameter model/test_parameter.c LIBRARIES vit_model)
vit_test(test_vit model/test_vit.c LIBRARIES vit_model)

vit_test(test_positions model/test_positions.c LIBRARIES vit_model)
target_compile_definitions(test_positions PRIVATE REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")

# Parts of the model, with its private headers.
foreach(unit tokenizer unit_sums gradient)
  vit_test(test_${unit} model/test_${unit}.c LIBRARIES vit_model)
  target_include_directories(test_${unit} PRIVATE ${PROJECT_SOURCE_DIR}/src/model)
endforeach()

# Against PyTorch, with every back end and instruction set that can run here.
vit_test(test_reference model/test_reference.c LIBRARIES vit_model)
target_compile_definitions(test_reference PRIVATE
                           REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")
foreach(variant VIT_GEMM=blis VIT_KERNELS=avx2 VIT_KERNELS=portable)
  add_test(NAME test_reference.${variant} COMMAND test_reference)
  set_tests_properties(test_reference.${variant} PROPERTIES ENVIRONMENT ${variant} LABELS model TIMEOUT 120)
endforeach()
# The recipes' models in their real sizes, where PyTorch is there.
add_test(NAME reference_real COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/reference/real.py $<TARGET_FILE:test_reference>)
set_tests_properties(reference_real PROPERTIES LABELS model TIMEOUT 600 SKIP_RETURN_CODE 77)
