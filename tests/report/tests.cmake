# vit_report: what its page is made of, and what it tells of a model; the program through a script.
foreach(unit chart components html inline_image mistakes report_log)
  vit_test(test_${unit} report/test_${unit}.c LIBRARIES report)
endforeach()
vit_test(test_forward report/test_forward.c LIBRARIES report)
target_compile_definitions(test_forward PRIVATE REFERENCE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/reference")
vit_script(vit_report report/report.sh)
