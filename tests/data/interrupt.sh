#!/bin/sh
# An interrupted vit_data leaves no output, or a whole one, and no temporary file.
. "$(dirname "$0")/common.sh"

for signal in INT TERM HUP; do
    # So many pictures take minutes.
    timeout -s $signal 0.3 "$vit_data" synth a.h5 --train 1000000 >said 2>&1
    [ $? -eq 124 ] || fail "SIG$signal did not end it: $(cat said)"
    absent a.h5 a.h5.tmp
done

# At any moment of a short run, while the file is written and verified too.
whole=0
for delay in 0.01 0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4 0.5 0.6 0.8 1 1.5 2 3; do
    rm -f b.h5
    timeout -s TERM $delay "$vit_data" synth b.h5 --train 1000 --test 100 >said 2>&1
    absent b.h5.tmp
    if [ -e b.h5 ]; then
        content b.h5 >/dev/null
        whole=$((whole + 1))
    fi
done
[ $whole -gt 0 ] || fail "no run was quick enough to finish"

# A limit on the size of files is told of as a full disk is.
expect 74 "e.h5.tmp: " sh -c 'ulimit -f 200 && exec "$0" synth e.h5 --train 1000 --test 10' "$vit_data"
absent e.h5 e.h5.tmp

# After SIGKILL only the temporary file is there; the next run replaces it.
timeout -s KILL 0.3 "$vit_data" synth c.h5 --train 1000000 >said 2>&1
absent c.h5
expect 0 "c.h5: 100 training" "$vit_data" synth c.h5 --train 100 --test 10
absent c.h5.tmp

# What is ignored stays ignored, as nohup wants.
(trap '' HUP && exec "$vit_data" synth d.h5 --train 2000 --test 10 >said 2>&1) &
sleep 0.2
kill -HUP $!
wait $! || fail "a hang-up ended it: $(cat said)"
content d.h5 >/dev/null
exit 0
