#!/bin/sh
# cmake --install into an empty prefix: the programs run from there, for a user who owns nothing of it, on a copy of the job
# files that lie beside them.
. "$(dirname "$0")/../common.sh"
build=$3/..

cmake --install "$build" --prefix "$work/prefix" >said 2>&1 || fail "cmake --install: $(cat said)"
for file in bin/vit_mpi bin/vit_data bin/vit_bench bin/vit_predict bin/vit_export bin/vit_report share/vit_mpi/jobs/cifar100.sbatch share/doc/vit_mpi/README.md; do
    [ -e prefix/$file ] || fail "$file is not installed: $(cat said)"
done
[ "$(find prefix/bin -type f | wc -l)" -eq 6 ] || fail "more than the programs is installed: $(find prefix/bin)"

# Nobody, where that is another one.
user=
if [ "$(id -u)" = 0 ]; then user='setpriv --reuid=65534 --regid=65534 --clear-groups'; fi
mkdir home
chmod 755 "$work"
chmod 777 home
cd home || exit 1
# As the pages tell, but for the sizes.
cat >run <<'END'
set -e
PATH=$1/bin:$PATH
cp -r "$(dirname "$(command -v vit_mpi)")/../share/vit_mpi/jobs" .
vit_data synth drawn.h5 --classes 4 --train 40 --test 8
mpirun -np 2 --oversubscribe vit_mpi jobs/quickstart.ini -s data.file=drawn.h5 -s data.batch_size=16 -s train.max_steps=2 \
    -s run.threads=1
h5dump -H runs/quickstart/last.h5 | grep -q 'GROUP "model"'
vit_bench peak --threads 1
vit_predict runs/quickstart/last.h5 drawn.h5
END
env -u OMPI_ALLOW_RUN_AS_ROOT HOME="$PWD" TMPDIR="$PWD" $user sh run "$work/prefix" >said 2>&1 || fail "from the prefix: $(cat said)"

# The pages say what --help says.
command -v help2man >/dev/null || exit 0
for program in vit_mpi vit_data vit_bench vit_predict vit_export vit_report; do
    page=$work/prefix/share/man/man1/$program.1
    [ -s "$page" ] || fail "$program has no page"
    [ -n "$(command -v man)" ] || continue
    # As one line: paragraphs are broken anew.
    MANWIDTH=500 man --warnings -l "$page" 2>warnings >text || fail "man $program: $(cat warnings)"
    [ ! -s warnings ] || fail "man $program: $(cat warnings)"
    "$work/prefix/bin/$program" --help | sed -n 's/^ \{1,6\}\(-.*, \)\{0,1\}\(--[a-z-]*\).*/\2/p' >options
    [ -s options ] || fail "$program --help has no options"
    while read -r option; do
        grep -qF -e "$option" text || fail "man $program does not know $option: $(cat text)"
    done <options
done
exit 0
