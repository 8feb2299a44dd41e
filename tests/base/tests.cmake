foreach(unit status log memory file digest random job job_values job_resume)
  vit_test(test_${unit} base/test_${unit}.c LIBRARIES vit_base)
endforeach()
