#!/bin/sh
# Whatever fails on one rank, at any agreement point or with any allocation, ends all ranks with the same code and one
# message, or is told and survived; nobody waits for ever, and what was saved stays whole. All agreement points of a fresh run
# are tried on one rank; of the others, and of allocations, every n-th: AGREE_STRIDE=1 tries all.
. "$(dirname "$0")/common.sh"
stride=${AGREE_STRIDE:-72}
test_programs=$3
export FAULT FAULT_AT FAULT_RANK FAULT_LOG

FAULT_LOG=$work/log

# run: three ranks with the fault that is set; sets $code.
run() {
    rm -f log.*
    timeout 60 "$mpiexec" 3 "$test_programs/vit_mpi_fault" job.ini -s job.output=out "$@" >said 2>&1
    code=$?
    what="FAULT=$FAULT FAULT_AT=$FAULT_AT FAULT_RANK=$FAULT_RANK $*"
    [ $code -ne 124 ] || fail "$what: hangs: $(cat said)"
    for rank in 0 1 2; do
        grep -q "^exit=$code " log.$rank || fail "$what: mpiexec ended with $code, rank $rank with $(cat log.$rank): $(cat said)"
    done
}

# count KIND: the calls that the victim made.
count() {
    sed -n "s/.*$1=\([0-9]*\).*/\1/p" "log.$FAULT_RANK"
}

# Rank 0's errors are not named after it.
expect_told() {
    if [ "$FAULT_RANK" -eq 0 ]; then told='a fault made for a test'; else told="rank $FAULT_RANK on .*: a fault made for a test"; fi
    grep -q "$1: .*$told\|$1: $told" said || fail "$what: ends with $code, but is not told: $(cat said)"
}

# Fresh runs of 8 steps, resumed ones from there to 9; and, on one rank and in larger strides, of a model with fat
# layers and an encoder that all ranks update.
steps=8
for part in fresh resumed fat; do
    for FAULT_RANK in 1 0; do
        rm -rf out start
        if [ $part = fat ]; then
            [ "$FAULT_RANK" -eq 1 ] || continue
            steps=3 stride=$((3 * stride))
            printf '[model]\npool = mean\n' >>job.ini
            sed -i 's/^head = .*/head = 512,256/; s/^batch_size = .*/batch_size = 16/; s/^key_dim = .*/key_dim = 24/' job.ini
        fi
        if [ $part = resumed ]; then
            FAULT=
            run -s train.max_steps=8
            cp -r out start
            steps=9
        fi
        case $part in
            fresh) points=1 ;;
            resumed) points=2 ;;
            fat) points=3 ;;
        esac
        [ "$FAULT_RANK" -eq 1 ] || points=$((3 * points))
        [ "$stride" -gt 1 ] || points=1
        FAULT=
        run -s train.max_steps=$steps
        [ $code -eq 0 ] || fail "no fault: $code: $(cat said)"
        whole=$(weights out/last.h5)
        agreements=$(count agree) allocations=$(count memory)
        [ "$agreements" -gt 15 ] && [ "$allocations" -gt 50 ] || fail "only $agreements agreements, $allocations allocations"
        for FAULT in agree memory; do
            FAULT_AT=1 last=$agreements
            [ $FAULT = agree ] || last=$allocations
            while [ $FAULT_AT -le "$last" ]; do
                rm -rf out
                [ $part != resumed ] || cp -r start out
                run -s train.max_steps=$steps
                case $FAULT$code in
                    agree74 | memory70 | memory74) expect_told Error ;;
                    memory0)
                        [ "$FAULT_RANK" -gt 0 ] || expect_told '\(Warning\|Error\)'
                        [ "$(weights out/last.h5)" = "$whole" ] || fail "$what: other weights"
                        ;;
                    *) fail "$what: ended with $code: $(cat said)" ;;
                esac
                [ "$(grep -c '^Error: ' said)" -le 3 ] || fail "$what: too many errors: $(cat said)"
                [ $part != resumed ] || weights out/last.h5 >/dev/null
                if [ $FAULT = agree ]; then FAULT_AT=$((FAULT_AT + points)); else FAULT_AT=$((FAULT_AT + stride)); fi
            done
        done
    done
done

# A file system that never answers: the save that hangs is named by the rank that waits for it.
FAULT=sync FAULT_AT=6 FAULT_RANK=0
rm -rf out
timeout 60 "$mpiexec" 3 "$test_programs/vit_mpi_fault" job.ini -s job.output=out -s run.stall_timeout=0.05 >said 2>&1
code=$?
[ $code -eq 70 ] || fail "a hanging file system: $code: $(cat said)"
grep -q "^Error: rank 0 on .* stands still in phase 'writing files' .*: its own work does not end" said ||
    fail "a hanging file system: $(cat said)"
exit 0
