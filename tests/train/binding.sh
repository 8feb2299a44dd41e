#!/bin/sh
# Six ways of starting: what the table says of cores and threads, and what is advised.
. "$(dirname "$0")/common.sh"
unset OMP_NUM_THREADS
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

cores=$(lscpu -p=CORE,SOCKET | grep -v '^#' | sort -u | wc -l)
processors=$(lscpu -p=CPU | grep -vc '^#')
[ "$(nproc)" -eq "$processors" ] || skip "this shell itself is bound to $(nproc) of $processors processors"
[ "$cores" -ge 2 ] && [ "$cores" -lt 16 ] || skip "written for 2 to 15 cores, here are $cores"
idle=$((4 * (cores - 1) >= cores)) # whether one core at work leaves enough idle to tell

cgroups=
leave() {
    for folder in $cgroups; do
        rmdir "$folder"
    done
    rm -rf "$work"
}
trap leave EXIT

# look COMMAND...: the job's table by that way of starting, in `said`.
look() {
    "$@" >said 2>&1 || fail "$* ended with $?: $(cat said)"
}
# says PATTERN...: each is part of a line; says_not: none is.
says() {
    for pattern; do
        grep -q -e "$pattern" said || fail "'$pattern' is not in: $(cat said)"
    done
}
says_not() {
    for pattern; do
        ! grep -q -e "$pattern" said || fail "'$pattern' is in: $(cat said)"
    done
}

# 1. mpirun binds one rank to one core.
look mpirun -np 1 "$vit_mpi" job.ini --check
says ' ranks  *1 x 1 thread on 1 node' " node .* rank 0: core [0-9]* of $cores; 1 thread$"
[ $idle = 0 ] || says "Warning: $((cores - 1)) of $cores cores idle on .*: mpirun -np 1 --map-by node:PE=$cores --bind-to core"
look mpirun -np 1 --bind-to none "$vit_mpi" job.ini --check
says " 1 x $cores threads on" " rank 0: cores 0-$((cores - 1)) of ${cores}[^,]*; $cores threads"
says_not 'cores idle' 'may use'
# The advised line does what it promises.
look mpirun -np 1 --map-by "node:PE=$cores" --bind-to core "$vit_mpi" job.ini --check
says " 1 x $cores threads on"
says_not 'cores idle' 'may use'
# The same in a training: on the screen, and in the log of the run. A wish is kept, and judged.
OMP_NUM_THREADS=1 look mpirun -np 1 --bind-to none "$vit_mpi" job.ini -s job.output=out -s train.max_steps=1
[ $idle = 0 ] || says "Warning: $((cores - 1)) of $cores cores idle on .*: OMP_NUM_THREADS asks for no more"
grep -q " node .* rank 0: cores 0-$((cores - 1)) of ${cores}[^,]*; 1 thread$" out/log.txt || fail "no node in $(cat out/log.txt)"
look mpirun -np 1 "$programs/vit_bench" step job.ini --steps 1 --rounds 1 --warm-up 0 -s run.threads=2
says 'Warning: rank 0 on .* may use one core only'

# No more than OpenMP may have.
OMP_THREAD_LIMIT=1 look mpirun -np 1 --bind-to none "$vit_mpi" job.ini --check
says " 1 x 1 thread on"
[ $idle = 0 ] || says 'cores idle on .*: OMP_THREAD_LIMIT asks for no more'

# 2. Two ranks: a core each. Unbound they divide all cores.
look mpirun -np 2 "$vit_mpi" job.ini --check
says ' 2 x 1 thread on 1 node' " ranks 0-1: cores [0-9]*, [0-9]* of $cores; 1 thread each$"
says_not 'take turns' 'may use cores that'
look mpirun -np 2 --bind-to none "$vit_mpi" job.ini --check
says " 2 x $((cores / 2)) thread" "Warning: 2 ranks .* may use cores that other ranks may use too (2 ranks on $cores cores), which" \
    "mpirun -np 2 --map-by node:PE=$((cores / 2)) --bind-to core"
OMP_PROC_BIND=close OMP_PLACES=cores look mpirun -np 2 --bind-to none "$vit_mpi" job.ini --check
says "on $cores cores), and OpenMP (OMP_PROC_BIND, OMP_PLACES) binds"

# 3. More ranks than cores, whether Open MPI knows it or not.
for way in --oversubscribe '--host localhost:16'; do
    # shellcheck disable=SC2086 # two words
    look mpirun -np 16 $way "$vit_mpi" job.ini --check
    says ' 16 x 1 thread on 1 node' " ranks 0-15: cores 0-$((cores - 1)) of $cores.*, the same for all; 1 thread each$" \
        "Warning: more ranks than cores: 16 ranks take turns on $cores cores of .*: mpirun -np $cores "
    says_not 'do not give up'
done
look mpirun -np 16 --host localhost:16 --mca mpi_yield_when_idle 0 "$vit_mpi" job.ini --check
says "Warning: ranks that wait do not give up .*: mpirun --mca mpi_yield_when_idle 1"

# 4. Cores of its own for each rank, while OpenMP has bound the first thread to the first of them.
OMP_PROC_BIND=close OMP_PLACES=cores look mpirun -np 1 --map-by node:PE=2 "$vit_mpi" job.ini --check
says ' 1 x 2 threads on 1 node' " rank 0: cores 0-1 of $cores.*; 2 threads$"
says_not 'one core'

# 5. Kept on one core, but told to take two threads.
for start in 'mpirun -np 1 --bind-to none taskset -c 0' 'taskset -c 0'; do
    look $start "$vit_mpi" job.ini --check -s run.threads=2
    says ' 1 x 2 threads on 1 node' " rank 0: core 0 of $cores; 2 threads" \
        'Warning: rank 0 on .* may use one core only, on which its 2 threads (\[run\] threads) take turns; for more cores: mpirun -np 1 --map-by node:PE=2 '
done
look mpirun -np 2 --bind-to none taskset -c 0 "$vit_mpi" job.ini --check
says ' 2 x 1 thread' 'Warning: more ranks than cores: 2 ranks take turns on 1 core of '
says_not 'do not give up'

# 6. Limits of a container: processor time, then cores.
# make_cgroup CONTROLLER: a cgroup of its own in $cgroup, or nothing.
make_cgroup() {
    cgroup=/sys/fs/cgroup/$1/vit_test_$$
    mkdir "$cgroup" 2>/dev/null || return 1
    cgroups="$cgroups $cgroup"
}
# inside COMMAND...: in that cgroup.
inside() {
    # shellcheck disable=SC2016 # for the inner shell
    look sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "$@"
}
if make_cgroup cpu && echo 100000 >"$cgroup/cpu.cfs_quota_us"; then
    inside mpirun -np 1 --bind-to none "$vit_mpi" job.ini --check
    says ' 1 x 1 thread on' "; 1 thread; CPU limit 1$" \
        "Warning: a cgroup limits rank 0 on .* to the time of 1 CPU, so threads = auto takes 1 of $cores cores"
    says_not 'cores idle'
    inside mpirun -np 1 --bind-to none "$vit_mpi" job.ini --check -s run.threads=2
    says 'Warning: a cgroup limits rank 0 on .* to the time of 1 CPU, too little for 2 threads'
    inside mpirun -np 2 --bind-to none "$vit_mpi" job.ini --check
    says 'Warning: a cgroup limits 2 ranks .* to the time of 1 CPU (2 ranks together), too little for 1 thread a rank'
else
    echo "Not tried: a limit of processor time needs a writable version 1 cgroup"
fi
if make_cgroup cpuset && echo 1 >"$cgroup/cpuset.cpus" && echo 0 >"$cgroup/cpuset.mems"; then
    inside mpirun -np 1 --bind-to none "$vit_mpi" job.ini --check
    says " rank 0: core [0-9]* of 1; 1 thread$"
    says_not 'Warning: .*core'
    inside mpirun -np 1 --bind-to none "$vit_mpi" job.ini --check -s run.threads=2
    says 'Warning: rank 0 on .* may use one core only, on which its 2 threads .*; leave the threads open'
else
    echo "Not tried: a set of cores needs a writable version 1 cgroup"
fi
exit 0
