#!/bin/sh
# The watchdog: a rank that gives no sign of life ends the job with 70 and one line that names rank, host, what it did,
# step and last save; one that does is left alone. (lost_peer.sh has whole trainings.)
. "$(dirname "$0")/../common.sh"
mpiexec=$source_folder/tests/mpiexec
stand_still=$3/stand_still
host=$(uname -n)
limit="for 0.0166667 minutes now ([run] stall_timeout)"

# All at once: they do nothing but wait.
begin() {
    timeout 60 "$mpiexec" "$1" "$stand_still" "$2" >"$2.said" 2>&1
    echo $? >"$2.code"
}
# begin_without RANK RANKS: that one never gets to MPI_Init. As ever the launcher then needs a second to end the others.
begin_without() {
    # Its variables are those of the shell that mpiexec starts.
    # shellcheck disable=SC2016
    missing=$1 OMPI_MCA_odls_base_sigkill_timeout=1 timeout 60 "$mpiexec" "$2" \
        sh -c '[ "$OMPI_COMM_WORLD_RANK" = "$missing" ] && exec sleep 60; exec "$@"' - \
        "$programs/vit_mpi" job.ini -s run.stall_timeout=0.0166667 >"without_$1.said" 2>&1
    echo $? >"without_$1.code"
}
for deed in alone limits stop; do begin 1 $deed & done
for deed in together first_works outside stopped_peer ticks; do begin 2 $deed & done
begin_without 1 2 &
begin_without 0 6 &
wait

# ended DEED CODE TEXT...: with that code, and a line of what was said holds each text.
ended() {
    deed=$1 code=$2
    shift 2
    [ "$(cat "$deed.code")" -eq "$code" ] || fail "$deed: ended with $(cat "$deed.code"): $(cat "$deed.said")"
    for text; do
        grep -qF -e "$text" "$deed.said" || fail "$deed: did not say '$text' but: $(cat "$deed.said")"
    done
    [ "$code" -eq 0 ] || [ "$(grep -c 'stands still' "$deed.said")" -eq 1 ] ||
        fail "$deed: not one line: $(cat "$deed.said")"
}

own="its own work does not end; a file system may be stuck, $limit; last save after step 5"
sheep="Error: rank 0 on $host stands still in phase 'counting sheep' after step 7: $own"

round="Error: rank 0 on $host stands still in phase 'a round' after step 9"
ended alone 70 "$round: its own work does not end; a file system may be stuck, $limit; nothing is saved yet"
ended together 70 "$round: another rank does not answer, $limit; nothing is saved yet; in a container" \
    'OMPI_MCA_btl_vader_single_copy_mechanism=none'
! grep -q 'host,\|network' together.said || fail "one host, but: $(cat together.said)"
begin="stands still in phase 'MPI_Init' after step 0: another rank does not answer, $limit; nothing is saved yet"
ended without_1 70 "Error: rank 0 on $host $begin"
# Ranks 2 to 5 leave the launcher time to end them.
ended without_0 70 "Error: rank 1 on $host $begin"
ended limits 70 'left alone' "$sheep"
ended stop 70 'left alone' "$sheep"
# Rank 1 waits for rank 0, which speaks: it is the one to blame.
ended first_works 70 "Error: rank 0 on $host stands still in phase 'reading a book' after step 7: $own"
ended stopped_peer 70 "Error: rank 0 on $host stands still in phase 'a round' after step 7: rank 1 on $host (process " \
    ") is stopped by a signal, $limit; last save after step 5"
ended ticks 0 'left alone'
ended outside 0 'left alone'
exit 0
