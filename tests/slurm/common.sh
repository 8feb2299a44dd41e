# Shared by the tests of the batch scripts: sourced with the arguments of the test. Starts a Slurm of the test's own: all of
# it is in the test's folder, listens on ports of its own and is ended with the test. It runs jobs/ as a user does, from
# a folder that looks like the project's root.
. "$(dirname "$0")/../train/common.sh"

PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || skip "only root can run a Slurm of its own"
for command in munged slurmctld slurmd sbatch; do
    command -v $command >/dev/null || skip "$command is not installed"
done

# What mpirun needs here, as in tests/mpiexec; jobs inherit it from sbatch. Several nodes share this machine's cores.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1
# All nodes are this machine.
export OMPI_MCA_btl=self,vader,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo
# Inherited ones would ask of sbatch what the test does not.
for variable in $(env | sed -n 's/^\(\(SLURM\|SBATCH\|SRUN\)[A-Z_]*\)=.*/\1/p'); do unset "$variable"; done
slurm=$work/slurm
export SLURM_CONF=$slurm/slurm.conf

end_slurm() {
    # Jobs first: their processes are not the daemons'.
    if [ -e "$slurm/slurmctld.pid" ]; then
        scancel --user root >/dev/null 2>&1
        for _ in $(seq 50); do
            [ -n "$(timeout 5 squeue -h -t RUNNING,COMPLETING 2>/dev/null)" ] || break
            sleep 0.1
        done
    fi
    # A step's daemon outlives slurmd; its arguments do not tell whose it is, its environment does.
    for pid in $(pgrep -x slurmstepd); do
        if tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qxF "SLURM_CONF=$SLURM_CONF"; then
            pkill -9 -P "$pid"
            kill -9 "$pid"
        fi
    done
    # Only their arguments contain that path.
    daemons=$(pgrep -f "$slurm/")
    for pid in $daemons; do kill -9 "$pid" 2>/dev/null; done
    # Without exe it is a zombie, which is not ours to wait for.
    for pid in $daemons; do
        while [ -e "/proc/$pid/exe" ]; do sleep 0.05; done
    done
}
trap 'end_slurm; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# start_slurm NODES: with four cores each.
start_slurm() {
    nodes=$1
    host=$(hostname -s)
    port=$((20000 + $$ % 1000 * 10))
    for folder in munge log state spool tmp; do mkdir -p "$slurm/$folder"; done
    # munged wants no folder that others may write on the way to its socket.
    chmod 755 "$work" "$slurm" "$slurm/munge"
    dd if=/dev/urandom of="$slurm/munge/key" bs=1024 count=1 2>/dev/null
    chmod 400 "$slurm/munge/key"
    cat >"$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
# Open MPI names shared memory after host, user and job, of which another test's Slurm may have the same.
FirstJobId=$port
# How long ranks live on after scancel: 30 s by default.
KillWait=5
AuthType=auth/munge
# A requeued job waits for cred_expire and a second before it starts again.
AuthInfo=socket=$slurm/munge/socket,cred_expire=5
MpiDefault=pmix
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
StateSaveLocation=$slurm/state
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmctldLogFile=$slurm/log/slurmctld
SlurmdSpoolDir=$slurm/spool/%n
TmpFS=$slurm/tmp/%n
SlurmdPidFile=$slurm/slurmd-%n.pid
SlurmdLogFile=$slurm/log/slurmd-%n
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
Prolog=$slurm/prolog
END
    # Runs before a batch script does: a job NAME ends so many seconds later as the file limit-NAME says, since sbatch -t
    # only knows minutes.
    echo '#!/bin/sh' >"$slurm/prolog"
    cat >>"$slurm/prolog" <<END
PATH=/usr/bin:/bin
export SLURM_CONF=$SLURM_CONF
name=\$(squeue -h -j "\$SLURM_JOB_ID" -o %j)
[ ! -e "$work/limit-\$name" ] || scontrol update JobId="\$SLURM_JOB_ID" EndTime="now+\$(cat "$work/limit-\$name")"
exit 0
END
    chmod 755 "$slurm/prolog"
    # The first one bears this machine's name, so that mpirun in a batch script finds itself there, as on a real node.
    for i in $(seq "$nodes"); do
        name=${host}x$i
        [ "$i" -gt 1 ] || name=$host
        mkdir -p "$slurm/tmp/$name" "$slurm/spool/$name"
        echo "NodeName=$name NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=4 RealMemory=1000" >>"$SLURM_CONF"
    done
    echo 'PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO' >>"$SLURM_CONF"

    munged --force --key-file="$slurm/munge/key" --socket="$slurm/munge/socket" --pid-file="$slurm/munged.pid" \
        --log-file="$slurm/munge/log" --seed-file="$slurm/munge/seed" || fail "munged: $(cat "$slurm/munge/log")"
    slurmctld -f "$SLURM_CONF" || fail "slurmctld: $(cat "$slurm/log/slurmctld")"
    for i in $(seq "$nodes"); do
        name=${host}x$i
        [ "$i" -gt 1 ] || name=$host
        # With a host name of its own, or Open MPI's files and segments of shared memory would be those of one node.
        unshare --uts sh -c "hostname $name && exec slurmd -f $SLURM_CONF -N $name" || fail "slurmd: $(cat "$slurm/log/slurmd-$name")"
    done
    for _ in $(seq 100); do
        [ "$(sinfo -h -N -t idle 2>/dev/null | wc -l)" -eq "$nodes" ] && return
        sleep 0.1
    done
    fail "Slurm does not start: $(sinfo; tail -n 20 "$slurm"/log/*)"
}

# What jobs/ expect in the folder where they are submitted. Endless, until a test sets max_steps; an epoch is 196 steps, of
# about a millisecond each.
ln -s "$source_folder/jobs" jobs
ln -s "$vit_mpi" vit_mpi
"$vit_data" synth data.h5 --classes 5 --train 6400 --test 40 >/dev/null || fail "no data"
sed -i 's/^epochs.*/epochs = 1000000/; /^\[train\]/a max_steps = 0' job.ini
sed -i '/^\[data\]/a validation_split = 0.02' job.ini

# submit NAME [SBATCH_OPTION...] jobs/SCRIPT [OPTION...]: a job whose output is NAME.out and whose number is $job.
submit() {
    name=$1
    shift
    job=$(sbatch --parsable --job-name="$name" --output="$name.out" "$@") || fail "sbatch $*"
}

# field JOB NAME: of what Slurm knows about it.
field() {
    scontrol show job -o "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1
}

# until_true SECONDS COMMAND...: fails when it does not succeed in time.
until_true() {
    patience=$(($1 * 10))
    shift
    while ! "$@"; do
        patience=$((patience - 1))
        [ $patience -gt 0 ] || return 1
        sleep 0.1
    done
}

# has_restarted JOB TIMES: it is in the queue again.
has_restarted() {
    [ "$(field "$1" Restarts)" = "$2" ] && [ "$(field "$1" JobState)" = PENDING ]
}

has_ended() {
    case $(field "$1" JobState) in PENDING | RUNNING | COMPLETING | CONFIGURING) return 1 ;; esac
}

# count NUMBER TEXT FILE: so many lines of it fit.
count() {
    [ "$(grep -c -e "$2" "$3")" = "$1" ] || fail "$3: '$2' is not there $1 times: $(cat "$3")"
}

stopped_after() {
    sed -n 's/^Stopped after step \([0-9]*\),.*/\1/p' "$1" | tail -n 1
}

# must_end JOB FILE: with 0, within two minutes.
must_end() {
    until_true 120 has_ended "$1" || fail "job $1 goes on and on: $(cat "$2")"
    [ "$(field "$1" JobState) $(field "$1" ExitCode)" = 'COMPLETED 0:0' ] ||
        fail "job $1: $(scontrol show job "$1"; cat "$2")"
}

# same_as_whole OUTPUT STEPS OPTION...: the weights are those of an uninterrupted run without Slurm.
same_as_whole() {
    output=$1 steps=$2
    shift 2
    rm -rf whole
    must_train 2 whole -s "train.max_steps=$steps" -s checkpoint.at_epoch_end=no "$@"
    [ "$(weights "$output/last.h5")" = "$(weights whole/last.h5)" ] || fail "$output: other weights after $steps steps"
}
