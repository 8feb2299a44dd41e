#include "h5_type.h"

#include <stdio.h>

bool h5_type_is_same(hid_t stored, hid_t memory_type) {
    hid_t native = stored < 0 ? stored : H5Tget_native_type(stored, H5T_DIR_ASCEND);
    bool same = native >= 0 && H5Tequal(native, memory_type) > 0;
    if (native >= 0)
        H5Tclose(native);
    return same;
}

bool h5_type_converts(hid_t stored, hid_t memory_type) {
    const H5T_class_t from = stored < 0 ? H5T_NO_CLASS : H5Tget_class(stored);
    const H5T_class_t to = H5Tget_class(memory_type);
    return from == H5T_INTEGER || from == H5T_FLOAT ? from == to || to == H5T_FLOAT : false;
}

static bool holds_integers(hid_t type, hid_t other) {
    const bool sign = H5Tget_sign(type) != H5T_SGN_NONE,
               other_sign = H5Tget_sign(other) != H5T_SGN_NONE;
    const size_t bits = H5Tget_precision(type), other_bits = H5Tget_precision(other);
    if (sign == other_sign)
        return bits >= other_bits;
    return sign && bits > other_bits;
}

bool h5_type_holds(hid_t type, hid_t other) {
    const H5T_class_t class = type < 0 || other < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    if (class == H5T_NO_CLASS || class != H5Tget_class(other))
        return false;
    if (class == H5T_INTEGER)
        return holds_integers(type, other);
    return class == H5T_FLOAT ? H5Tget_size(type) >= H5Tget_size(other) : H5Tequal(type, other) > 0;
}

const char *h5_type_text(hid_t type, char text[static H5_TYPE_TEXT]) {
    static const char *const of_class[H5T_NCLASSES] = {
        [H5T_TIME] = "times",          [H5T_STRING] = "text",
        [H5T_BITFIELD] = "bit fields", [H5T_OPAQUE] = "opaque values",
        [H5T_COMPOUND] = "compounds",  [H5T_REFERENCE] = "references",
        [H5T_ENUM] = "enumerations",   [H5T_VLEN] = "lists of any length",
        [H5T_ARRAY] = "arrays"};
    const H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    const size_t bits = type < 0 ? 0 : 8 * H5Tget_size(type);
    if (class == H5T_FLOAT)
        snprintf(text, H5_TYPE_TEXT, "float%zu", bits);
    else if (class == H5T_INTEGER)
        snprintf(text, H5_TYPE_TEXT, "%sint%zu", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "",
                 bits);
    else
        snprintf(text, H5_TYPE_TEXT, "%s",
                 class >= 0 && class < H5T_NCLASSES && of_class[class] ? of_class[class]
                                                                       : "unknown values");
    return text;
}
