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
