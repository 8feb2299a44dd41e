#!/bin/sh
# The command line that the batch script gives its launcher, in what environments Slurm may leave it. Slurm itself is
# not needed.
. "$(dirname "$0")/../common.sh"

for variable in $(env | sed -n 's/^\(SLURM_[A-Z_]*\)=.*/\1/p'); do unset "$variable"; done
unset LAUNCH OMP_NUM_THREADS
mkdir bin
for launcher in mpirun srun; do
    echo 'echo "$(basename "$0") $*"' >bin/$launcher
    chmod +x bin/$launcher
done
PATH=$work/bin:$PATH

# launched VARIABLE=VALUE...: what is launched there.
launched() {
    env "$@" bash "$source_folder/jobs/cifar100.sbatch" job.ini -s a.b=c >said 2>&1 || fail "$*: $(cat said)"
    cat said
}

# Slurm multiplies nodes and ranks a node, or leaves that to others.
for tasks in SLURM_NTASKS=8 IGNORED=1; do
    case $(launched $tasks SLURM_JOB_NUM_NODES=4 SLURM_NTASKS_PER_NODE=2 SLURM_CPUS_PER_TASK=3) in
    'mpirun -np 8 --map-by node:PE=3 '*' vit_mpi job.ini -s a.b=c') ;;
    *) fail "$tasks: $(cat said)" ;;
    esac
done
# A rank a node, where nothing else was asked for; and numbers that are not a product.
launched SLURM_JOB_NUM_NODES=4 | grep -q '^mpirun -np 4 --map-by node:PE=1 ' || fail "by nodes alone: $(cat said)"
launched SLURM_JOB_NUM_NODES=4 SLURM_NTASKS=7 LAUNCH=srun | grep -q '^srun --mpi=pmix -n 7 -c 1 ' || fail "by -n 7: $(cat said)"

# Without the project's program, and with a folder of its name, the installed one; with it this one.
mkdir vit_mpi
launched SLURM_JOB_NUM_NODES=1 | grep -q ' vit_mpi job.ini ' || fail "a folder is no program: $(cat said)"
rmdir vit_mpi
launched SLURM_JOB_NUM_NODES=1 | grep -q ' vit_mpi job.ini ' || fail "installed: $(cat said)"
touch vit_mpi
launched SLURM_JOB_NUM_NODES=1 | grep -q ' \./vit_mpi job.ini ' || fail "the project's: $(cat said)"

env bash "$source_folder/jobs/cifar100.sbatch" >said 2>&1 && fail "without Slurm: $(cat said)"
grep -q 'submit this script with sbatch' said || fail "without Slurm: $(cat said)"
exit 0
