#include "pickle_value.h"

#include <string.h>

const char *pickle_value_type(PickleType type) {
    static const char *const names[] = {"nothing", "None",     "a bool", "an integer",
                                        "a float", "a text",   "a list", "a tuple",
                                        "a dict",  "an array", "a name", "a dtype"};
    return names[type];
}

bool pickle_value_text_is(PickleText text, const char *word) {
    return text.count == strlen(word) && memcmp(text.bytes, word, text.count) == 0;
}

bool pickle_value_is_text(const PickleValue *value, const char *word) {
    return value->type == PICKLE_TEXT && pickle_value_text_is(value->text, word);
}
