#!/bin/sh
# A run's life: finished runs, more epochs, --fresh, --eval, a checkpoint as the job, --check, no validation.
. "$(dirname "$0")/common.sh"

must_train 2 out --digest
grep '^Test ' said >test_lines
[ "$(wc -l <test_lines)" -eq 3 ] || fail "no closing lines: $(cat said)"
digest=$(sed -n 's/^Weights SHA-256: //p' said)
[ "$digest" = "$(weights out/last.h5)" ] || fail "--digest is not last.h5's digest"
[ "$(grep -c '^Epoch . weights SHA-256: ' said)" -eq 3 ] || fail "no digest an epoch"
for file in last.h5 last.1.h5 best.h5 metrics.h5 metrics.csv job.ini log.txt; do
    [ -s out/$file ] || fail "no $file"
done
[ "$(wc -l <out/metrics.csv)" -eq 4 ] || fail "metrics.csv has not one line an epoch"
grep -q '^Epoch 3/3 - ' said || fail "no line for epoch 3"
[ "$(grep -c '^Epoch 3/3 - ' said)" -eq 1 ] || fail "two ranks speak"
grep -q 'Epoch 3/3 - ' out/log.txt || fail "log.txt lacks epoch 3"

# Again: it is finished, and says the same.
before=$(weights out/last.h5)
expect 0 'This job is finished' train 2 out
grep '^Test ' said | cmp - test_lines || fail "other closing lines: $(cat said)"
[ "$(weights out/last.h5)" = "$before" ] || fail "a finished job changed"

# --eval prints the closing lines only, and touches nothing.
ls -l out >listing
"$mpiexec" 3 "$vit_mpi" job.ini --eval out/best.h5 >said 2>&1 || fail "--eval: $(cat said)"
cmp said test_lines || fail "--eval says something else: $(cat said)"
ls -l out | cmp - listing || fail "--eval touched the folder"

# More epochs go on from there.
expect 0 'Resuming from out/last.h5: epoch 4' train 2 out -s train.epochs=4
[ "$(wc -l <out/metrics.csv)" -eq 5 ] || fail "no fourth epoch"

# Another learning rate does not go on.
expect 78 'learning_rate' train 2 out -s train.learning_rate=0.002
grep -q -- '--fresh' said || fail "--fresh is not named: $(cat said)"

# --fresh moves the folder aside, twice.
must_train 2 out --fresh
must_train 2 out --fresh -s train.max_steps=2
[ -s out.1/last.h5 ] && [ -s out.2/last.h5 ] || fail "nothing was moved aside"
[ "$(weights out.2/last.h5)" = "$digest" ] || fail "a fresh run gives other weights"

# A checkpoint as the job.
"$mpiexec" 2 "$vit_mpi" out.2/best.h5 --fresh >said 2>&1 || fail "a checkpoint as the job: $(cat said)"
[ "$(weights out/last.h5)" = "$digest" ] || fail "the job in a checkpoint gives other weights"

# Stopped in mid-epoch by max_steps: a row over what was seen, which going on replaces.
must_train 2 cut -s train.max_steps=3
[ "$(column cut/metrics.h5 /epoch/epoch)" -eq 1 ] || fail "no row for the cut epoch"
[ -s cut/best.h5 ] || fail "no best.h5 for the cut epoch"
grep -q '^Test accuracy' said || fail "no test after max_steps: $(cat said)"
must_train 2 cut -s train.max_steps=7
[ "$(column cut/metrics.h5 /epoch/epoch)" -eq 1 ] || fail "the cut epoch's row was not replaced"
column cut/metrics.h5 /epoch/loss >cut.loss
column out/metrics.h5 /epoch/loss | head -n 1 | cmp - cut.loss || fail "the replaced row differs"

# Stopped twice in the same epoch: what stands in for the best is of the second stop.
must_train 2 twice -s train.max_steps=3
must_train 2 twice -s train.max_steps=5
must_train 2 once -s train.max_steps=5
[ "$(weights twice/best.h5)" = "$(weights once/best.h5)" ] || fail "a stand-in was not replaced"

# best.h5 lost, damaged, or of another run: told, and never taken for this run's best.
must_train 2 other -s train.learning_rate=0.01 -s train.epochs=2
for case in lost damaged foreign; do
    rm -rf hurt
    must_train 2 hurt -s train.max_steps=14
    case $case in
        lost) rm hurt/best.h5 ;;
        damaged) head -c 9000 other/best.h5 >hurt/best.h5 ;;
        foreign) cp other/best.h5 hurt/best.h5 ;;
    esac
    expect 0 'Warning: hurt/best.h5: ' train 2 hurt
    [ "$(weights hurt/last.h5)" = "$digest" ] || fail "best.h5 $case: other weights"
    [ "$(weights hurt/best.h5)" != "$(weights other/best.h5)" ] || fail "best.h5 $case: it is another run's"
    grep '^Test ' said >hurt_lines
    "$mpiexec" 1 "$vit_mpi" job.ini --eval hurt/best.h5 | cmp - hurt_lines || fail "best.h5 $case: not what was tested"
done

# Fewer checkpoints to keep do not hide older valid ones; damaged ones are set aside.
must_train 2 deep -s checkpoint.keep=4 -s checkpoint.every_steps=1 -s train.max_steps=6
for file in deep/last.h5 deep/last.1.h5; do head -c 9000 "$file" >cut.h5 && mv cut.h5 "$file"; done
expect 0 'Resuming from deep/last.2.h5' train 2 deep -s checkpoint.keep=1
[ -e deep/last.h5.damaged ] || fail "a damaged checkpoint was not set aside"
[ "$(weights deep/last.h5)" = "$digest" ] || fail "from an older checkpoint: other weights"

# A folder written with a slash at its end.
must_train 2 slash/ -s train.max_steps=1
must_train 2 slash/ -s train.max_steps=1 --fresh
[ -s slash.1/last.h5 ] || fail "slash/ was not moved aside"

# Without validation best.h5 is the last one, and CSV cells are empty.
must_train 2 all -s data.validation_split=0
[ "$(weights all/best.h5)" = "$(weights all/last.h5)" ] || fail "best.h5 is not the last"
tail -n 1 all/metrics.csv | grep -q ',,,' || fail "no empty cells: $(cat all/metrics.csv)"

# --check trains nothing.
expect 0 'parameters' "$mpiexec" 2 "$vit_mpi" job.ini -s job.output=never --check
grep -q '^batch_size = 32' said || fail "--check does not show the job"
[ ! -e never ] || fail "--check made a folder"

# Coarse labels: fewer classes, and a clear word where there are none.
expect 0 'classes' "$mpiexec" 2 "$vit_mpi" job.ini -s data.labels=coarse --check
exit 0
