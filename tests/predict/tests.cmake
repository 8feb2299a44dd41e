# vit_predict.
add_library(matrix STATIC ${PROJECT_SOURCE_DIR}/tools/predict/matrix_file.c ${PROJECT_SOURCE_DIR}/tools/predict/matrix_picture.c)
target_include_directories(matrix PUBLIC ${PROJECT_SOURCE_DIR}/tools/predict)
target_link_libraries(matrix PUBLIC results drawing m)
vit_test(test_matrix_file predict/test_matrix_file.c LIBRARIES matrix vit_import)

add_executable(export_pictures predict/export_pictures.c)
target_link_libraries(export_pictures PRIVATE drawing vit_data_set)
foreach(what data pictures)
  vit_script(vit_predict_${what} predict/${what}.sh TIMEOUT 300)
  set_tests_properties(vit_predict_${what} PROPERTIES PROCESSORS 2)
endforeach()
