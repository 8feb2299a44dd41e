#!/bin/sh
# vit_predict on a data file: the numbers of vit_mpi --eval, on any number of ranks, and what follows from the answers.
# shellcheck source=../train/common.sh
. "$(dirname "$0")/../train/common.sh"
vit_predict=$programs/vit_predict

expect 0 'vit_predict [OPTION...] CHECKPOINT PICTURE|FOLDER|DATA.h5...' "$vit_predict" --help
expect 0 'vit_predict ' "$vit_predict" --version
expect 64 'no checkpoint; usage: ' "$vit_predict"
expect 64 'no picture, folder or data file; usage: ' "$vit_predict" best.h5
expect 64 'must be a whole number from 1 to 1000' "$vit_predict" --top 0 best.h5 x.png
expect 64 '--matrix is for a data file' "$vit_predict" --matrix m.csv best.h5 job.ini
expect 74 'dta.h5: cannot be opened: No such file' "$vit_predict" --matrix m.csv best.h5 dta.h5
expect 64 "--matrix must end with .csv or .png, not 'm.pdf'" "$vit_predict" --matrix m.pdf best.h5 data.h5
expect 64 'a data file is looked at alone' "$vit_predict" best.h5 x.png data.h5
expect 64 '--top is for pictures' "$vit_predict" --top 3 best.h5 data.h5
expect 74 'best.h5: cannot be opened' "$vit_predict" best.h5 data.h5
expect 65 'job.ini: is not an HDF5 file' "$vit_predict" job.ini data.h5

# A layer is fat here, whose rows the ranks share; the weights that are judged are averages.
must_train 2 run -s model.head=48 -s train.ema=0.9 -s train.max_steps=14
for checkpoint in run/best.h5 run/last.h5; do
    "$vit_mpi" $checkpoint --eval $checkpoint >said 2>&1 || fail "--eval: $(cat said)"
    grep '^Test ' said >wanted
    [ "$(wc -l <wanted)" -eq 3 ] || fail "--eval has no test lines: $(cat said)"
    for ranks in 1 2 3; do
        "$mpiexec" $ranks "$vit_predict" $checkpoint data.h5 --threads $ranks >out.$ranks 2>said || fail "$ranks ranks: $(cat said)"
        cmp out.1 out.$ranks || fail "$ranks ranks tell otherwise than one"
    done
    grep '^Test ' out.1 | cmp - wanted || fail "other numbers than --eval: $(cat out.1)"
done

# More ranks than a batch of the training had images.
must_train 1 narrow -s data.batch_size=2 -s model.head=48 -s train.max_steps=4
for ranks in 1 3; do
    "$mpiexec" $ranks "$vit_predict" --csv narrow/last.h5 data.h5 >narrow.$ranks 2>said || fail "narrow, $ranks ranks: $(cat said)"
done
cmp narrow.1 narrow.3 || fail "three ranks tell otherwise than one"

# The same answers as tables: what is told of each class, and the accuracy, follow from them.
"$mpiexec" 2 "$vit_predict" --csv --matrix m.csv run/last.h5 data.h5 >answers.csv 2>said || fail "--csv: $(cat said)"
grep '^Test ' said | cmp - wanted || fail "--csv: other numbers: $(cat said)"
awk -F, '
    NR == 1 { for (c = 0; c < 5; c++) bad += $(c + 4) != "p" c; next }
    { sum = 0; best = 4
      for (c = 4; c <= NF; c++) { sum += $c; if ($c > $best) best = c }
      bad += NF != 8 || $1 != NR - 2 || $3 != best - 4 || sum < 1 - 1e-6 || sum > 1 + 1e-6
      pair[$2 "," $3]++; label[$2]++; answer[$3]++; hits += $2 == $3 }
    END { if (bad || NR != 41) exit 1
          printf "accuracy %.2f\n", 100 * hits / 40
          for (l = 0; l < 5; l++) { row = ""; for (a = 0; a < 5; a++) row = row "," pair[l "," a] + 0; print "row" row }
          for (c = 0; c < 5; c++) print "class", label[c] + 0, answer[c] + 0, pair[c "," c] + 0 }' answers.csv >counted ||
    fail "the table of answers: $(head -n 2 answers.csv)"
[ "$(sed -n 's/^accuracy //p' counted)" = "$(sed -n 's/^Test accuracy: \(.*\)%$/\1/p' wanted)" ] || fail "accuracy: $(cat counted)"
sed -n 's/^row//p' counted >rows
sed -n '2,$s/^[^,]*//p' m.csv | cmp - rows || fail "the matrix is not what was answered: $(cat m.csv)"
sed -n '/^images  answers/,/^$/p' out.1 | awk 'NR > 1 && NF { print "class", $1, $2, $3 }' >classes
grep '^class' counted | cmp - classes || fail "classes are told otherwise: $(cat out.1)"
# Who is confused most is the largest number off the diagonal.
most=$(awk -F, '{ for (c = 2; c <= NF; c++) if (c - 1 != NR && $c > most) most = $c } END { print most + 0 }' rows)
sed -n '/most confused/{n;p;}' out.1 | grep -q "^ *$most  .*, taken for " || fail "most confused: not $most in $(cat out.1)"

expect 0 'm.png: ' "$vit_predict" --matrix m.png run/best.h5 data.h5
[ "$(head -c 8 m.png | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] || fail "m.png is no PNG"
# Where it cannot be written is found out before the weights are read, which would be told.
expect 74 'nowhere/m.csv' "$vit_predict" --matrix nowhere/m.csv run/last.h5 data.h5
[ "$(wc -l <said)" -eq 1 ] || fail "more than the error: $(cat said)"

# When either the matrix or what is told cannot be written (28: a full disk), the other is there all the same.
expect 74 'm.csv.tmp: cannot be opened: No space left on device' env LD_PRELOAD="$3/libfail_io.so" FAIL_PATH=m.csv.tmp FAIL_CALL=open \
    FAIL_ERRNO=28 "$vit_predict" --matrix m.csv run/best.h5 data.h5
grep -q '^Test accuracy: ' said || fail "what was found is lost: $(cat said)"
rm m.csv
"$vit_predict" --matrix m.csv run/best.h5 data.h5 >/dev/full 2>said
code=$?
[ $code -eq 74 ] && [ -s m.csv ] || fail "no output: $code, $(cat said)"

# Answers are compared by number, so that there must be as many.
"$vit_data" synth four.h5 --classes 4 --train 60 --test 12 >/dev/null || fail "no data"
expect 65 'run/best.h5: was trained on 5 classes, four.h5 has 4' "$vit_predict" run/best.h5 four.h5

# A checkpoint of before 0.4.0 goes by the data file's statistics and names, and says so.
old=$source_folder/tests/store/old-0.1.0.h5
"$vit_data" synth old.h5 --classes 3 --train 60 --test 12 --seed 5 >/dev/null || fail "no data"
expect 0 'pictures are normalized by those of old.h5' "$vit_predict" "$old" old.h5
grep -q ' striped yellow square$' said || fail "no names: $(cat said)"
exit 0
