# Reading what others have, for vit_data import.
foreach(unit image exif picture resample array idx npy pickle pickle_numpy)
  vit_test(test_${unit} import/test_${unit}.c LIBRARIES vit_import)
  target_compile_definitions(test_${unit} PRIVATE REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")
endforeach()
if(WEBP_FOUND)
  vit_test(test_picture_webp import/test_picture_webp.c LIBRARIES vit_import)
  target_compile_definitions(test_picture_webp PRIVATE REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")
endif()
# Memory is counted while hostile files are read.
vit_test(test_pickle_hostile import/test_pickle_hostile.c LIBRARIES vit_import)
target_compile_definitions(test_pickle_hostile PRIVATE REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")
target_link_options(test_pickle_hostile PRIVATE LINKER:--wrap=memory_allocate LINKER:--wrap=memory_free)
