#!/bin/sh
# tools/setup where packages are RPMs: what it asks of which package manager, played by scripts that note it. The build's
# own search says whether it was enough.
. "$(dirname "$0")/../common.sh"

# A path without Debian's package managers. cmake finds all, once something was installed.
mkdir bin
for tool in bash id mktemp cat grep rm dirname env sed; do ln -s "$(command -v $tool)" bin/; done
echo "[ -e $work/asked ]" >bin/cmake
echo ':' >bin/mpicc
chmod +x bin/*

# install MANAGER VERSION OPTION...: what MANAGER, which says that VERSION, is asked to do by tools/setup.
install() {
    manager=$1 version=$2
    shift 2
    rm -f asked bin/dnf bin/zypper
    printf '#!/bin/sh\n[ "$1" = --version ] && { printf "%s\\n"; exit; }\necho "$*" >>%s/asked\n' "$version" "$work" >bin/$manager
    printf '#!/bin/sh\nexec "$@"\n' >bin/sudo
    chmod +x bin/*
    PATH=$work/bin "$source_folder/tools/setup" "$@" >said 2>&1 || fail "$manager: $(cat said)"
}

# asks TEXT...: each is part of the one thing that was asked.
asks() {
    [ "$(wc -l <asked)" -eq 1 ] || fail "$manager was asked: $(cat asked)"
    for text; do grep -qF -e "$text" asked || fail "$manager was not asked for '$text' but: $(cat asked)"; done
}

install dnf 'dnf5 version 5.2.1\\nlibdnf5 version 5.2.1'
asks '--assumeyes install --skip-unavailable' 'pkgconfig(inih)' hdf5-devel Random123-devel 'openmpi-devel'
grep -q valgrind asked && fail "for the build alone: $(cat asked)"
install dnf '4.14.0' --test
asks '--assumeyes --setopt=strict=0 install' Random123-devel valgrind
install zypper 'zypper 1.14' --test
asks '--non-interactive --ignore-unknown install --no-recommends' 'pkgconfig(inih)' openmpi4-devel valgrind
# Installed, and something to tell; a failure is one.
for code in 102 4; do
    printf '#!/bin/sh\\necho "$*" >asked; exit %s\\n' $code >bin/zypper
    PATH=$work/bin "$source_folder/tools/setup" >said 2>&1 && ended=0 || ended=$?
    rm -f asked
    [ $((ended != 0)) -eq $((code < 100)) ] || fail "zypper's $code gives $ended: $(cat said)"
done
# Without the right to install it is told what is needed.
echo 'exit 1' >bin/sudo
[ "$(id -u)" = 0 ] || {
    PATH=$work/bin "$source_folder/tools/setup" >said 2>&1 && fail "without root: $(cat said)"
    grep -q 'Needed: .*hdf5-devel' said || fail "without root: $(cat said)"
}

# Nothing is touched when all is there already, and what is not found afterwards is told.
rm -f asked
echo ':' >bin/cmake
PATH=$work/bin "$source_folder/tools/setup" >said 2>&1 || fail "all is there: $(cat said)"
[ ! -e asked ] || fail "all is there, and yet: $(cat asked)"
echo 'exit 1' >bin/cmake
PATH=$work/bin "$source_folder/tools/setup" >said 2>&1 && fail "found nothing, and said nothing: $(cat said)"
grep -q 'something that the build needs is missing' said || fail "$(cat said)"
exit 0
