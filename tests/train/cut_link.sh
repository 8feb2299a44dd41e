#!/usr/bin/env bash
# The link of one of three hosts is cut: with the keepalive settings of jobs/ mpirun ends the job soon instead of never, and what
# was saved is whole. Hosts are network namespaces.
hosts=3
. "$(dirname "$0")/on_hosts.sh"

sed -i 's/^epochs.*/epochs = 100000/' job.ini
mapfile -t keepalive < <(sed -n '/oob_tcp_keepalive/s/[ )]*$//p' "$source_folder/jobs/cifar100.sbatch" | xargs -n 1)
[[ ${#keepalive[@]} = 9 ]] || fail "jobs/cifar100.sbatch has other keepalive settings: ${keepalive[*]}"

# start_hosts OPTION...: a rank a host, until the first save.
start_hosts() {
    rm -rf out
    mpirun -np 3 "${place[@]}" "$@" "$vit_mpi" "$work/job.ini" -s "data.file=$work/data.h5" -s "job.output=$work/out" \
        -s checkpoint.every_steps=5 >said 2>&1 &
    pid=$!
    for _ in {1..300}; do
        if [[ -e out/last.h5 ]]; then return; fi
        sleep 0.1
    done
    fail "no first save: $(cat said)"
}

# Cuts the third host off; sets $code and $seconds until mpirun has ended.
cut_link() {
    local begin
    begin=$(date +%s)
    ip link set vit-v3 down
    timeout 60 tail --pid=$pid -f /dev/null || fail "hangs after a cut link: $(cat said)"
    wait $pid
    code=$?
    seconds=$(($(date +%s) - begin))
    # The rank that was cut off need not be waited for: its launcher's daemon ends it likewise.
    pkill -9 -f "^$vit_mpi $work/job.ini"
    ip link set vit-v3 up
    weights out/last.h5 >/dev/null
    echo "A cut link: ended with $code after $seconds s"
}

start_hosts "${keepalive[@]}"
cut_link
[[ $code != 0 && $seconds -lt 30 ]] || fail "a cut link: code $code after $seconds s: $(cat said)"
exit 0
