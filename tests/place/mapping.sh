#!/bin/sh
# The mapping that is advised for several nodes, and that of the batch script, as Open MPI itself lays it out on nodes that are
# named (by addresses that no host has) but never reached: accepted, every rank on cores of its own, neighbours on one node.
. "$(dirname "$0")/../common.sh"
print_advice=$3/print_advice
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
unset SLURM_JOB_ID SLURM_CPUS_ON_NODE
export HWLOC_SYNTHETIC='pack:2 core:4 pu:2'

mpirun --version | grep -q 'Open MPI) 4' || skip "the map is read as Open MPI 4 prints it"

# lay_out NODES ARGUMENT...: lines 'node rank cores' of mpirun's map on NODES such nodes, in `map`.
lay_out() {
    hosts=$(seq -s , -f '240.0.0.%g:8' "$1")
    shift
    # Of a node that it has not reached, mpirun believes that it is like its own. It ends in an error, since it launches
    # nothing; the map is printed before.
    mpirun --host "$hosts" --do-not-launch --display-map "$@" true >mpirun.out 2>&1
    awk '/Data for node:/ { node = $4 }
        /Process rank:/ { sub(/.*Process rank: /, ""); rank = $1; sub(/.*:/, ""); print node, rank, $0 }' mpirun.out >map
}

# laid_out 'NODE RANK CORES'...: exactly so.
laid_out() {
    printf '%s\n' "$@" >wanted
    cmp -s wanted map || fail "mapped as: $(cat map mpirun.out)"
}

# advised NODES RANKS: what is advised for so many ranks on each of so many nodes, without the program.
advised() {
    "$print_advice" "$1" "$2" >advice || fail "no advice"
    sed -n 's/.*: mpirun \(.*\) \.\/vit_mpi \.\.\.$/\1/p' advice >arguments
    [ -s arguments ] || fail "no command in: $(cat advice)"
    cat arguments
}

two_nodes() {
    laid_out '240.0.0.1 0 [BB/BB/BB/BB][../../../..]' '240.0.0.1 1 [../../../..][BB/BB/BB/BB]' \
        '240.0.0.2 2 [BB/BB/BB/BB][../../../..]' '240.0.0.2 3 [../../../..][BB/BB/BB/BB]'
}

# Several words.
# shellcheck disable=SC2046
lay_out 2 $(advised 2 2)
two_nodes
# shellcheck disable=SC2046
lay_out 1 $(advised 1 2)
laid_out '240.0.0.1 0 [BB/BB/BB/BB][../../../..]' '240.0.0.1 1 [../../../..][BB/BB/BB/BB]'

# The batch script's line. These are its variables.
# shellcheck disable=SC2016
sed -n 's/.*launch=(mpirun -np "$ranks" \(.*\)/\1/p' "$source_folder/jobs/cifar100.sbatch" |
    sed 's/"node:PE=$OMP_NUM_THREADS"/node:PE=4/' >arguments
[ -s arguments ] || fail "cifar100.sbatch starts mpirun otherwise"
# shellcheck disable=SC2046
lay_out 2 -np 4 $(cat arguments)
two_nodes

exit 0
