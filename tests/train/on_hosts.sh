# Shared by the tests on several hosts, which are network namespaces: sourced with the arguments of the test and hosts set.
# shellcheck shell=bash
. "$(dirname "$0")/common.sh"
# shellcheck source=../../tools/hosts.sh
. "$source_folder/tools/hosts.sh"
missing=$(hosts_possible) || skip "$missing"
# hosts.sh's.
# shellcheck disable=SC2034
rate='' place=()
trap 'hosts_down; rm -rf "$work"' EXIT
hosts_up || skip "network namespaces cannot be made here"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
