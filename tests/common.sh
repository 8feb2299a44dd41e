# Shared by all shell tests, which source it with their arguments (source folder, folder of the programs, folder of the test
# programs). Works in a folder of its own, which is removed at the end.
source_folder=$1
programs=$2
vit_data=$programs/vit_data
work=$(mktemp -d "${TMPDIR:-/tmp}/vit_test_XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

skip() {
    echo "Skipped: $*"
    exit 77
}

# expect CODE TEXT COMMAND...: exit code and a line of what is said must fit; an error is said once.
expect() {
    wanted=$1 text=$2
    shift 2
    "$@" >said 2>&1
    code=$?
    [ $code -eq "$wanted" ] || fail "$* ended with $code instead of $wanted: $(cat said)"
    grep -qF -e "$text" said || fail "$* did not say '$text' but: $(cat said)"
    [ "$(grep -c '^Error: ' said)" -le 1 ] || fail "$* told of more than one error: $(cat said)"
}

# tiny_job DATA: job.ini on that data file, so small that a step takes a few milliseconds.
tiny_job() {
    cat >job.ini <<END
[data]
file = $1
batch_size = 32
[augment]
image_size = 16
[model]
patch_size = 4
dim = 16
depth = 2
heads = 2
key_dim = 8
mlp = 32,16
head = 24
[train]
epochs = 3
[run]
progress = none
END
}
