# The batch scripts, on a Slurm of the test's own. Little of the time is computing, but what is takes all cores.
foreach(script limit stop seeds killed)
  vit_script(slurm_${script} slurm/${script}.sh TIMEOUT 300)
  set_tests_properties(slurm_${script} PROPERTIES PROCESSORS 2)
endforeach()
