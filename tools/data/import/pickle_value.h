#ifndef IMPORT_PICKLE_VALUE_H
#define IMPORT_PICKLE_VALUE_H

#include "array.h"

/* What a pickle is made of. */

/* 0 is no value's. */
typedef enum PickleType {
    PICKLE_NONE = 1,
    PICKLE_BOOL,
    PICKLE_INTEGER,
    PICKLE_FLOAT,
    PICKLE_TEXT,
    PICKLE_LIST,
    PICKLE_TUPLE,
    PICKLE_DICT,
    PICKLE_ARRAY,
    PICKLE_NAME, /* of NumPy, as numpy.ndarray, or a dtype: nothing that a data set is made of */
    PICKLE_DTYPE
} PickleType;

/* str and bytes of Python 2 and 3 alike; Unicode as UTF-8. Not terminated. */
typedef struct PickleText {
    const uint8_t *bytes;
    size_t count;
} PickleText;

typedef struct PickleItems PickleItems;

typedef struct PickleValue {
    PickleType type;
    union {
        int64_t integer; /* of a bool: 0 or 1 */
        double real;
        PickleText text;
        PickleItems *items; /* of list, tuple and dict */
        Array *array;
        const struct PickleName *name;
        struct PickleDtype *dtype;
    };
} PickleValue;

/* A dict's are key, value, key, value, ..., a key that was set twice still there twice. */
struct PickleItems {
    size_t count, room;
    PickleValue *item;
};

/* For messages: "a list". */
const char *pickle_value_type(PickleType type);

/* Whether the text's bytes are those of word. */
bool pickle_value_text_is(PickleText text, const char *word);

/* Whether the value is a text of these bytes. */
bool pickle_value_is_text(const PickleValue *value, const char *word);

#endif
