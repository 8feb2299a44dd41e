#!/usr/bin/env bash
# A bridge of containers with the same address on two hosts, which Open MPI takes for a way from one to the other: the first
# message hangs, and the watchdog ends the run with one line that names the bridge and the option that leaves it out. With
# that option, and with what the batch script sets, the ranks find each other. Hosts are network namespaces.
hosts=2
. "$(dirname "$0")/on_hosts.sh"
for host in vit-h1 vit-h2; do
    ip -n "$host" link add docker0 type bridge || skip "bridges cannot be made here"
    ip -n "$host" addr add 172.17.0.1/16 dev docker0
    ip -n "$host" link set docker0 up
done

# hosts_up's options but for the one that names the interfaces: Open MPI chooses them.
anywhere=()
for ((i = 0; i < ${#place[@]}; i++)); do
    if [[ ${place[i]} = --mca && ${place[i + 1]} = btl_tcp_if_include ]]; then
        i=$((i + 2))
    else
        anywhere+=("${place[i]}")
    fi
done

# train_on_two CODE OPTION...: a rank a host, given options of mpirun, ends with that code; $limit minutes are a stall.
train_on_two() {
    local wanted=$1 code
    shift
    rm -rf out
    timeout 60 mpirun -np 2 "${anywhere[@]}" "$@" "$vit_mpi" "$work/job.ini" -s "data.file=$work/data.h5" \
        -s "job.output=$work/out" -s train.max_steps=1 -s "run.stall_timeout=$limit" >said 2>&1
    code=$?
    [[ $code = "$wanted" ]] || fail "$*: ended with $code instead of $wanted: $(cat said)"
}

# Where the machine is busy MPI_Init may take that long itself; it then tells the same.
limit=0.1
train_on_two 70
[[ $(grep -c 'stands still' said) = 1 ]] || fail "not one line: $(cat said)"
grep -Eq "Error: rank 0 on vit-h1 stands still in phase '(MPI_Init|the first message between ranks)' after step 0: a rank on \
another host, or the network, is stuck, for 0.1 minutes now .*: eth0 \(10.77.0.1\), docker0 \(172.17.0.1, a bridge" said ||
    fail "the bridge is not named: $(cat said)"
mapfile -t option < <(sed -n 's/.*stands still.*: mpirun \(--mca .*\)$/\1/p' said | xargs -n 1)
[[ ${#option[@]} = 3 ]] || fail "no option in: $(cat said)"
limit=10
train_on_two 0 "${option[@]}"

# What the batch script sets, unless somebody has chosen interfaces.
sed -n '/^tcp=/,/^fi/p' "$source_folder/jobs/cifar100.sbatch" >interfaces
[[ -s interfaces ]] || fail "cifar100.sbatch leaves interfaces alone"
chosen=$(OMPI_MCA_btl_tcp_if_include=eth0 bash -c '. ./interfaces; echo "${OMPI_MCA_btl_tcp_if_exclude-}"')
[[ ! $chosen ]] || fail "in spite of a choice: $chosen"
# shellcheck source=/dev/null
. ./interfaces
train_on_two 0
exit 0
