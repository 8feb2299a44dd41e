#!/bin/sh
# Steps of Slurm's that MPI cannot join, and shells in one: what is alone by right trains, what is not says so in one line.
. "$(dirname "$0")/common.sh"
command -v script >/dev/null || skip "script is not installed"
start_slurm 1
shells="" tasks=""

cat >train <<'END'
# train NAME COMMAND...: says how it ended in NAME.said.
name=$1
shift
"$@" job.ini -s train.max_steps=1 -s "job.output=$name.out" >"$name.said" 2>&1
echo "ended with $?" >>"$name.said"
END
cat >from_shell <<'END'
# Slurm's PMIx would let in the first of a shell's programs only.
sh train "$1.1" ./vit_mpi
sh train "$1.2" ./vit_mpi
sh train "$1.mpirun" mpirun -np 2 ./vit_mpi
# In all tasks are the shell's variables, also that of its terminal, and of the shell's PMI or PMIx.
for mpi in none pmi2; do sh train "$1.$mpi" srun --overlap --overcommit --mpi=$mpi -n 2 ./vit_mpi & done
wait
END

# All at once: those that are refused wait for each other.
for mpi in none pmi2 pmix; do
    timeout 100 script -qec "srun --mpi=$mpi -n 1 --pty sh from_shell $mpi" /dev/null </dev/null >$mpi.pty 2>&1 &
    shells="$shells $!"
done
# shellcheck disable=SC2086
wait $shells
for mpi in none pmi2; do sh train two.$mpi srun --mpi=$mpi -n 2 ./vit_mpi & tasks="$tasks $!"; done
sh train one.none srun --mpi=none -n 1 ./vit_mpi
# shellcheck disable=SC2086
wait $tasks

for name in none.1 none.2 none.mpirun pmi2.1 pmi2.2 pmi2.mpirun pmix.1 pmix.2 pmix.mpirun one.none; do
    count 1 '^ended with 0' $name.said
done
for name in none.none none.pmi2 pmi2.none pmi2.pmi2 pmix.none pmix.pmi2 two.none two.pmi2; do
    count 1 '^ended with 64' $name.said
    count 1 '^Error: .* started 2 processes' $name.said
    count 0 'MPI_Init' $name.said
    [ ! -e $name.out ] || fail "$name: has trained: $(cat $name.said)"
done
exit 0
