#!/bin/sh
# tests/house/teams finds regions that enter no team, however they are written, in copies of the sources.
. "$(dirname "$0")/../common.sh"
teams=$source_folder/tests/house/teams

# furnish: sources in order, those of the project.
furnish() {
    rm -rf house
    mkdir house
    cp -r "$source_folder/src" "$source_folder/include" "$source_folder/tools" house
}

# region LINE...: a function with these lines in src/model/added.c.
region() {
    {
        echo 'void added(float *x) {'
        printf '%s\n' "$@"
        echo '}'
    } >house/src/model/added.c
}

furnish
"$teams" house >said 2>&1 || fail "sources in order: $(cat said)"
region '#pragma omp parallel' '    {' '        const TeamThread team = team_enter(PHASE_OTHER);' \
    '        if (x) {' '            x[0] *= 2;' '        }' '        team_leave(team);' '    }'
"$teams" house >said 2>&1 || fail "a region in order: $(cat said)"

region '#pragma omp parallel' '    {' '        if (x) {' '            x[0] *= 2;' '        }' '    }'
expect 1 "src/model/added.c:2: a parallel region without team_enter" "$teams" house
region '#pragma omp parallel for' '    for (int i = 0; i < 9; i++)' '        x[i] *= 2;'
expect 1 "src/model/added.c:2: a parallel region without team_enter" "$teams" house
region '# pragma  omp  target parallel \' '    num_threads(2)' '    work(x);'
expect 1 "src/model/added.c:2: a parallel region without team_enter" "$teams" house
# One that enters and does not leave; one beside another that does both.
region '#pragma omp parallel' '    {' '        const TeamThread team = team_enter(PHASE_OTHER);' '    }'
expect 1 "src/model/added.c:2: a parallel region without team_enter" "$teams" house
region '#pragma omp parallel' '    work(x);' '#pragma omp parallel' '    {' \
    '        const TeamThread team = team_enter(PHASE_OTHER);' '        team_leave(team);' '    }'
expect 1 "src/model/added.c:2: a parallel region without team_enter" "$teams" house
[ "$(grep -c 'without team_enter' said)" = 1 ] || fail "one region of two is in order: $(cat said)"

# The list of those that do not compute names a region, not a file, and is kept short.
furnish
sed 's/memcpy(/scale(/' "$source_folder/include/base/vit/copy.h" >house/include/base/vit/copy.h
expect 1 "include/base/vit/copy.h:" "$teams" house
grep -q 'include/base/vit/copy.h has no such region any more' said || fail "the list is not looked at: $(cat said)"
expect 64 "usage" "$teams"
exit 0
