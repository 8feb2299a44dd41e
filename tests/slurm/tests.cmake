# The batch scripts, on a Slurm of the test's own. They wait for Slurm more than they compute: two at a time, the longest
# first, and before all that wants the whole machine.
set(cost 400)
foreach(script limit stop seeds killed steps)
  vit_script(slurm_${script} slurm/${script}.sh TIMEOUT 300)
  set_tests_properties(slurm_${script} PROPERTIES COST ${cost})
  math(EXPR cost "${cost} - 1")
endforeach()
vit_script(slurm_launch slurm/launch.sh)
