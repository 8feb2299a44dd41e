#!/bin/sh
# tests/house/arrows finds what it is there to find: small houses, each with one thing wrong.
. "$(dirname "$0")/../common.sh"
arrows=$source_folder/tests/house/arrows

# write FILE LINE...: a source or header.
write() {
    file=$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$@" >"$file"
}

# A house in order: the model uses math and base, the data base, training all.
furnish() {
    rm -rf house
    write house/include/base/vit/base.h 'int base_value(void);'
    write house/include/model/vit/model.h 'int model_value(void);'
    write house/src/base/base.c '#include "vit/base.h"' 'int base_value(void) { return 1; }'
    write house/src/model/layer.h 'int layer_value(void);'
    write house/src/model/layer.c '#include "layer.h"' '#include "vit/base.h"' \
        'int layer_value(void) { return base_value(); }'
    write house/src/model/model.c '#include "vit/model.h"' '#include "layer.h"' \
        'int model_value(void) { return layer_value(); }'
    write house/src/data/data.c '#include "vit/base.h"' 'int data_value(void) { return base_value(); }'
    write house/src/train/train.c '#include "vit/model.h"' 'int data_value(void);' \
        'int train_value(void) { return model_value() + data_value(); }'
}

# build: each room as CMake would.
build() {
    rm -rf build
    for room in house/src/*; do
        name=$(basename "$room")
        mkdir -p "build/$name"
        for source in "$room"/*.c; do
            "${CC:-cc}" -c -Ihouse/include/base -Ihouse/include/model -Ihouse/include/train "$source" \
                -o "build/$name/$(basename "$source").o" || fail "$source does not compile"
        done
        ar rc "build/$name/libvit_$name.a" "build/$name"/*.o
    done
}

# found TEXT: the check fails, and says so.
found() {
    build
    expect 1 "$1" "$arrows" house build
}

furnish
build
"$arrows" house build >said 2>&1 || fail "a house in order: $(cat said)"
expect 64 "usage" "$arrows" house
expect 1 "holds no libraries" "$arrows" house house

# Two files that need each other; three in a ring.
furnish
write house/src/model/layer.c 'int model_value(void);' 'int layer_value(void) { return model_value(); }'
found "a circle: "
grep -q 'model/layer.c needs model_value of model/model.c' said || fail "the arrows are not named: $(cat said)"
furnish
write house/src/train/one.c 'int two(void);' 'int one(void) { return two(); }'
write house/src/train/two.c 'int three(void);' 'int two(void) { return three(); }'
write house/src/train/three.c 'int one(void);' 'int three(void) { return one(); }'
found "a circle: "
[ "$(grep -c 'needs' said)" = 3 ] || fail "the ring has three arrows: $(cat said)"

# Over rooms.
furnish
write house/src/base/base.c 'int model_value(void);' 'int base_value(void) { return model_value(); }'
found "base/base.c needs model_value of model/model.c: base may not use model"
grep -q 'a circle: ' said || fail "no circle over rooms is seen: $(cat said)"

# Upward and sideways, by a function and by a variable.
furnish
write house/src/model/layer.c 'int train_value(void);' 'int layer_value(void) { return train_value(); }'
found "model/layer.c needs train_value of train/train.c: model may not use train"
furnish
write house/src/data/data.c 'int model_value(void);' 'int data_value(void) { return model_value(); }'
found "data/data.c needs model_value of model/model.c: data may not use model"
furnish
write house/src/train/train.c 'int train_table[2] = {1, 2};'
write house/src/data/data.c 'extern int train_table[2];' 'int data_value(void) { return train_table[0]; }'
found "data/data.c needs train_table of train/train.c: data may not use train"

# MPI where there is to be none.
furnish
write house/src/model/layer.c 'int MPI_Barrier(void *);' 'int layer_value(void) { return MPI_Barrier(0); }'
found "model/layer.c refers to MPI: MPI_Barrier"
furnish
write house/src/base/base.c 'extern char ompi_mpi_comm_world[];' 'int base_value(void) { return ompi_mpi_comm_world[0]; }'
found "base/base.c refers to MPI: ompi_mpi_comm_world"
furnish
write house/src/model/layer.h '#if 0' '#include <mpi.h>' '#endif' 'int layer_value(void);'
found "src/model/layer.h includes <mpi.h>: model knows no MPI"
furnish
write house/src/data/data.c 'int MPI_Barrier(void *);' 'int data_value(void) { return MPI_Barrier(0); }'
build
"$arrows" house build >said 2>&1 || fail "the data room may use MPI: $(cat said)"

# Headers.
furnish
write house/include/base/vit/base.h '#include "vit/model.h"' 'int base_value(void);'
found "include/base/vit/base.h includes vit/model.h of model: base may not use model"
furnish
write house/src/data/data.c '#include "../model/layer.h"' 'int data_value(void) { return 0; }'
found "src/data/data.c includes src/model/layer.h of model: data may not use model"
furnish
write house/src/data/data.c '#if 0' '#include "vit/nowhere.h"' '#endif' 'int data_value(void) { return 0; }'
found "src/data/data.c includes vit/nowhere.h, which no room has"

# A room that nobody has told of.
furnish
write house/src/cellar/cellar.c 'int cellar_value(void) { return 0; }'
found "libvit_cellar.a: is no room's library"

# The table counts.
furnish
build
"$arrows" --table house build >said 2>&1 || fail "no table: $(cat said)"
grep -q '^| model | 4 | 8 | 1 | 1 | 0 |$' said || fail "odd counts: $(cat said)"
exit 0
