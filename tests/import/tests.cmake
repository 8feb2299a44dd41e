# Reading what others have, for vit_data import.
foreach(unit image exif picture resample array idx npy)
  vit_test(test_${unit} import/test_${unit}.c LIBRARIES vit_import)
  target_compile_definitions(test_${unit} PRIVATE REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")
endforeach()
