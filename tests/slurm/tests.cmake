# The batch scripts, on a Slurm of the test's own. They wait for Slurm more than they compute: one after another, all the
# while beside what fills the machine (tools/test runs one more test than there are cores).
set(cost 400)
foreach(script limit stop seeds killed steps launch)
  vit_script(slurm_${script} slurm/${script}.sh TIMEOUT 300)
  set_tests_properties(slurm_${script} PROPERTIES COST ${cost} RESOURCE_LOCK slurm)
  math(EXPR cost "${cost} - 1")
endforeach()
