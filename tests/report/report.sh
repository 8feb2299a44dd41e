#!/bin/sh
# vit_report on small trainings: one page that needs nothing else, with what it can tell, and why it cannot tell the rest.
# shellcheck source=../train/common.sh
. "$(dirname "$0")/../train/common.sh"
vit_report=$programs/vit_report

# report OPTION...: must write page.html; everything said in `said`.
report() {
    "$vit_report" "$@" -o page.html >said 2>&1 || fail "vit_report $* ended with $?: $(cat said)"
}

has() {
    for text; do
        grep -qF -e "$text" page.html || fail "the page does not have '$text'"
    done
}

has_not() {
    for text; do
        if sed 's/base64,[^"]*//g' page.html | grep -qiF -e "$text"; then fail "the page has '$text'"; fi
    done
}

# Nothing is fetched, run, or left open.
sound() {
    has '<!DOCTYPE html>' '<html lang=en>' "default-src 'none'; img-src data:; style-src 'unsafe-inline'" \
        'name=viewport' 'content="light dark"' 'prefers-color-scheme:dark' '@media print' 'overflow:visible' '</html>'
    has_not 'http:' 'https:' '//' '<script' '<link' '<iframe' 'javascript:' '@import' 'url(' 'nan%' '>nan' 'inf%'
    for tag in div table tr td th p figure figcaption details summary svg g ul li h2 h3 h4 small b caption title desc text; do
        opened=$(grep -oE "<${tag}[ >]" page.html | wc -l) closed=$(grep -oF "</$tag>" page.html | wc -l)
        [ "$opened" -eq "$closed" ] || fail "$opened <$tag> and $closed </$tag>"
    done
    if [ -n "$(command -v xmllint)" ]; then
        # It knows no elements of HTML 5.
        xmllint --html --noout page.html 2>&1 | grep 'error' | grep -vE 'Tag [a-z]+ invalid' >wrong
        [ ! -s wrong ] || fail "not well-formed: $(cat wrong)"
    fi
    [ "$(grep -c '<img [^>]*src="data:image/png' page.html)" -eq "$(grep -c '<img' page.html)" ] || fail "pictures from elsewhere"
    [ "$(grep -o '<img ' page.html | wc -l)" -eq "$(grep -o ' alt="[^"]' page.html | wc -l)" ] || fail "pictures without a description"
}

# One run, with its data: all sections, and the figures that the training ended with.
must_train 1 one
accuracy=$(sed -n 's/^Test accuracy: //p' said)
"$vit_report" one >said 2>&1 || fail "vit_report one: $(cat said)"
grep -qF one/report.html said || fail "does not say where the page is: $(cat said)"
cp one/report.html page.html
sound
has 'State</th><td>finished' "Test accuracy</th><td>$accuracy" "accuracy $accuracy, top 5" '1 rank x 1 thread' 'train.epochs</th><td>3</td>' \
    'Confusion matrix' 'The surest mistakes' 'Attention rollout' 'since there is no class token' 'How far it looks' \
    'Similarity of positions' 'principal components' '4 x 4 patches of 4 x 4 pixels' 'started 1 time' 'Learning rate'
[ "$(grep -o '<svg viewBox="0 0 400' page.html | wc -l)" -eq 7 ] || fail "not five curves, the sureness, the distances"
has_not 'Missing:' 'model.dropout</th>' # which has its default
# Every test image is in the matrix: its numbers add up.
awk '/Confusion matrix<\/h/ { inside = 1 } /Most confused/ { inside = 0 }
    inside && /^<tr>/ { gsub(/<[^>]*>/, " "); for (i = 2; i <= NF; i++) sum += $i } END { exit sum != 40 }' page.html ||
    fail "the confusion matrix does not hold all images"
# Those on its diagonal are the accuracy.
awk -v wanted="${accuracy%\%}" '/Confusion matrix<\/h/ { inside = 1 } /Most confused/ { inside = 0 }
    inside && match($0, /<b>[0-9]+/) { sum += substr($0, RSTART + 3, RLENGTH - 3); bold += gsub(/<b>/, "") }
    END { exit bold != 5 || sprintf("%.2f", 100 * sum / 40) != wanted }' page.html || fail "the confusion matrix does not have the accuracy of $accuracy on its diagonal"
# The same page again, on other threads.
OMP_NUM_THREADS=3 "$vit_report" one -o again.html >said 2>&1 || fail "again: $(cat said)"
cmp page.html again.html || fail "another page of the same run"

# Several runs in a page, one of which went on; names are anybody's text.
set -- -s 'job.name=<i>&"x' -s model.tokenizer=convolution -s model.convolution_widths=none -s model.position=none \
    -s model.pool=class -s train.epochs=2
must_train 1 two "$@" -s train.max_steps=3
must_train 1 two "$@"
report one two
sound
has '&lt;i&gt;&amp;&quot;x' 'model.pool' 'class=differs' 'kernels of the first convolution' 'the class token'"'"'s row' 'None: convolutions make' \
    'has no positions' 'job, validation' 'started 2 times; went on 1 time' '&lt;i&gt;&amp;&quot;x, training'
has_not '<i>'
# Two of one name are told apart by their folders.
cp -r one copy
rm copy/report.html
report one copy
has '>one</th>' '>copy</th>'

# The newest that there is: the job with which it went on, whichever checkpoint is older, and the best epoch of all rows.
must_train 1 three -s train.epochs=1
cp three/last.h5 first.h5
must_train 1 three
cp three/last.h5 final.h5
best=$(awk -F, 'NR > 1 && $6 > best { best = $6; epoch = $1 } END { printf "%.2f%% (epoch %d)", 100 * best, epoch }' three/metrics.csv)
for checkpoints in 'first final' 'final first' 'first first'; do
    cp "${checkpoints% *}.h5" three/best.h5
    cp "${checkpoints#* }.h5" three/last.h5
    report three
    has "Best validation accuracy</th><td>$best"
    [ "$checkpoints" = 'first first' ] || has 'State</th><td>finished' 'Epochs</th><td>3 of 3, 21 steps' 'train.epochs</th><td>3</td>'
done

# A loss beyond all bounds.
must_train 1 far -s train.learning_rate=1e6 -s train.epochs=1
report far
sound
[ "$(grep -c 'loss [0-9.]*e+[0-9]*' page.html)" -ge 1 ] || fail "a loss without an exponent"

# Without the data file, and with it elsewhere.
mv data.h5 moved.h5
report one
sound
has 'Missing: data.h5' 'No test pictures to show it' 'Similarity of positions' 'principal components'
has_not 'Attention rollout'
report one --data moved.h5
has "accuracy $accuracy, top 5" 'Attention rollout'
has_not 'not the data file'
"$vit_data" synth other.h5 --classes 5 --train 30 --test 10 --seed 2 >/dev/null
report one --data other.h5
has 'This is not the data file that the run was trained on' '10 images of other.h5'
"$vit_data" synth more.h5 --classes 6 --train 30 --test 12 >/dev/null
report one --data more.h5
has 'Missing: more.h5 has 6 classes, the model 5.'

# What there is of a run: without log.txt, metrics and last.h5; with a damaged one; nothing.
rm copy/log.txt copy/metrics.h5 copy/last*.h5
report copy
has 'no log.txt in the folder' 'weights of best.h5'
printf 'damaged' >copy/last.h5
report copy
grep -q '^Warning: .*last.h5' said || fail "does not tell of a damaged last.h5: $(cat said)"
rm copy/best.h5
expect 65 'last.h5' "$vit_report" copy
rm copy/last.h5
expect 74 'has neither best.h5 nor last.h5' "$vit_report" copy
[ ! -e copy/report.html ] || fail "a page about nothing"

# An older page stays when there is no new one.
printf 'older' >page.html
expect 74 'has neither' "$vit_report" copy -o page.html
[ "$(cat page.html)" = older ] || fail "the older page is lost"
# Where none can be is told before all the work.
expect 74 'nowhere/page.html' "$vit_report" copy -o nowhere/page.html
mkdir folder
expect 74 'folder: is not a file' "$vit_report" copy -o folder
[ -z "$(find . -name '*.tmp')" ] || fail "left behind: $(find . -name '*.tmp')"
expect 64 'no run' "$vit_report"
expect 64 'at most 8 runs' "$vit_report" one one one one one one one one one
expect 64 'one process' "$mpiexec" 2 "$vit_report" one
expect 0 'RUN_FOLDER' "$vit_report" --help
expect 0 'vit_report 0' "$vit_report" --version
exit 0
