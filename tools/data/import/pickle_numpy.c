#include "pickle_numpy.h"

#include "bytes.h"
#include <string.h>

/* Old NumPy writes some flags as 0 and 1. */
static bool is_of_type(const PickleValue *value, PickleType type) {
    return value->type == type || (type == PICKLE_BOOL && value->type == PICKLE_INTEGER);
}

/* STATUS_DATA unless there are as many arguments, of these types. */
static Status require_types(const PickleHeap *heap, const char *what, const PickleItems *arguments,
                            size_t count, const PickleType *types) {
    if (arguments->count != count)
        return pickle_heap_fail(heap, "%s takes %zu values, not %zu", what, count,
                                arguments->count);
    for (size_t i = 0; i < count; i++)
        if (!is_of_type(&arguments->item[i], types[i]))
            return pickle_heap_fail(heap, "value %zu of %s is %s; %s is wanted", i + 1, what,
                                    pickle_value_type(arguments->item[i].type),
                                    pickle_value_type(types[i]));
    return STATUS_OK;
}

/* ---- dtypes ---- */

/* dtype('u1', False, True): two flags for objects that are made while the file is read. */
static Status call_dtype(PickleHeap *heap, const PickleItems *arguments, PickleValue *result) {
    static const PickleType types[] = {PICKLE_TEXT, PICKLE_BOOL, PICKLE_BOOL};
    STATUS_TRY(require_types(heap, "numpy.dtype", arguments, 3, types));
    const PickleText text = arguments->item[0].text;
    result->type = PICKLE_DTYPE;
    STATUS_TRY(pickle_heap_take(heap, sizeof *result->dtype, &result->dtype));
    return array_type_read(heap->name, heap->at, text.bytes, text.count, &result->dtype->type,
                           &result->dtype->big_endian);
}

/* State: (version, order, subarray, names, fields, size, alignment, flags), and more for dates. */
static Status build_dtype(PickleHeap *heap, PickleDtype *dtype, const PickleItems *state) {
    if (state->count < 5 || state->item[1].type != PICKLE_TEXT)
        return pickle_heap_fail(heap, "the state of a numpy.dtype is wanted");
    for (size_t i = 2; i < 5; i++)
        if (state->item[i].type != PICKLE_NONE)
            return pickle_heap_fail(heap, "elements are structures, not numbers");
    if (pickle_value_is_text(&state->item[1], ">"))
        dtype->big_endian = true;
    else if (pickle_value_is_text(&state->item[1], "<") ||
             pickle_value_is_text(&state->item[1], "|"))
        dtype->big_endian = false;
    else
        return pickle_heap_fail(heap, "the byte order of a numpy.dtype is wanted: <, > or |");
    return STATUS_OK;
}

/* ---- arrays ---- */

static Status take_shape(PickleHeap *heap, const PickleItems *shape, Array *array) {
    if (shape->count > ARRAY_AXES_MAX)
        return pickle_heap_fail(heap, "an array of %zu axes; at most %d can be read", shape->count,
                                ARRAY_AXES_MAX);
    array->axes = shape->count;
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->item[i].type != PICKLE_INTEGER || shape->item[i].integer < 0)
            return pickle_heap_fail(heap, "axis %zu of an array has no size", i);
        array->shape[i] = (size_t)shape->item[i].integer;
    }
    return STATUS_OK;
}

static Status make_array(PickleHeap *heap, const PickleItems *shape, const PickleDtype *dtype,
                         PickleText elements, Array *array) {
    *array = (Array){.type = dtype->type, .big_endian = dtype->big_endian};
    STATUS_TRY(take_shape(heap, shape, array));
    return array_view(array, heap->name, heap->at, elements.bytes, elements.count);
}

static Status refuse_fortran(const PickleHeap *heap) {
    return pickle_heap_fail(heap, "an array in Fortran order, the first axis varying fastest; C "
                                  "order is wanted (numpy.ascontiguousarray)");
}

/* _reconstruct(ndarray, (0,), 'b'): an array without elements, whose state is to follow. */
static Status call_reconstruct(PickleHeap *heap, const PickleItems *arguments,
                               PickleValue *result) {
    static const PickleType types[] = {PICKLE_NAME, PICKLE_TUPLE, PICKLE_TEXT};
    STATUS_TRY(require_types(heap, "_reconstruct", arguments, 3, types));
    if (strcmp(arguments->item[0].name->name, "ndarray") != 0)
        return pickle_heap_fail(heap, "_reconstruct makes an ndarray, not a %s",
                                arguments->item[0].name->name);
    result->type = PICKLE_ARRAY;
    STATUS_TRY(pickle_heap_take(heap, sizeof *result->array, &result->array));
    *result->array = (Array){.type = ARRAY_I8, .axes = 1};
    return STATUS_OK;
}

/* State: (version, shape, dtype, whether in Fortran order, elements). */
static Status build_array(PickleHeap *heap, Array *array, const PickleItems *state) {
    static const PickleType types[] = {PICKLE_INTEGER, PICKLE_TUPLE, PICKLE_DTYPE, PICKLE_BOOL,
                                       PICKLE_TEXT};
    STATUS_TRY(require_types(heap, "an array's state", state, 5, types));
    if (state->item[3].integer)
        return refuse_fortran(heap);
    return make_array(heap, state->item[1].items, state->item[2].dtype, state->item[4].text, array);
}

/* Protocol 5: _frombuffer(elements, dtype, shape, 'C'). */
static Status call_frombuffer(PickleHeap *heap, const PickleItems *arguments, PickleValue *result) {
    static const PickleType types[] = {PICKLE_TEXT, PICKLE_DTYPE, PICKLE_TUPLE, PICKLE_TEXT};
    STATUS_TRY(require_types(heap, "_frombuffer", arguments, 4, types));
    if (!pickle_value_is_text(&arguments->item[3], "C"))
        return refuse_fortran(heap);
    result->type = PICKLE_ARRAY;
    STATUS_TRY(pickle_heap_take(heap, sizeof *result->array, &result->array));
    return make_array(heap, arguments->item[2].items, arguments->item[1].dtype,
                      arguments->item[0].text, result->array);
}

/* scalar(dtype, bytes): one of NumPy's numbers, as a list made of an array's elements holds them.
 */
static Status call_scalar(PickleHeap *heap, const PickleItems *arguments, PickleValue *result) {
    static const PickleType types[] = {PICKLE_DTYPE, PICKLE_TEXT};
    static const PickleItems no_axes = {0};
    Array one = {0};
    STATUS_TRY(require_types(heap, "numpy's scalar", arguments, 2, types));
    STATUS_TRY(make_array(heap, &no_axes, arguments->item[0].dtype, arguments->item[1].text, &one));
    if (one.type == ARRAY_F32 || one.type == ARRAY_F64) {
        *result = (PickleValue){.type = PICKLE_FLOAT, .real = array_real(&one, 0)};
        return STATUS_OK;
    }
    result->type = one.type == ARRAY_BOOL ? PICKLE_BOOL : PICKLE_INTEGER;
    if (!array_integer(&one, 0, &result->integer))
        return pickle_heap_fail(heap, "an integer above 2^63 - 1");
    if (one.type == ARRAY_BOOL)
        result->integer = result->integer != 0;
    return STATUS_OK;
}

/* ---- bytes that Python 3 writes with protocol 2 ---- */

/* The byte that the character at *at is in Latin-1; moves behind it. */
static bool latin1_byte(PickleText text, size_t *at, uint8_t *byte) {
    const uint8_t first = text.bytes[(*at)++];
    *byte = first;
    if (first < 0x80)
        return true;
    if ((first != 0xc2 && first != 0xc3) || *at == text.count || text.bytes[*at] >> 6 != 2)
        return false;
    *byte = (uint8_t)(first << 6 | (text.bytes[(*at)++] & 0x3f));
    return true;
}

/* encode('...', 'latin1'). */
static Status call_encode(PickleHeap *heap, const PickleItems *arguments, PickleValue *result) {
    static const PickleType types[] = {PICKLE_TEXT, PICKLE_TEXT};
    uint8_t *bytes;
    size_t count = 0;
    STATUS_TRY(require_types(heap, "_codecs.encode", arguments, 2, types));
    if (!pickle_value_is_text(&arguments->item[1], "latin1"))
        return pickle_heap_fail(heap, "_codecs.encode is read with 'latin1' only");
    const PickleText text = arguments->item[0].text;
    STATUS_TRY(pickle_heap_take(heap, text.count, &bytes));
    for (size_t at = 0; at < text.count; count++)
        if (!latin1_byte(text, &at, &bytes[count]))
            return pickle_heap_fail(heap, "_codecs.encode: a character that latin1 does not have");
    *result = (PickleValue){.type = PICKLE_TEXT, .text = {bytes, count}};
    return STATUS_OK;
}

/* bytes(): none. */
static Status call_bytes(PickleHeap *heap, const PickleItems *arguments, PickleValue *result) {
    STATUS_TRY(require_types(heap, "bytes", arguments, 0, NULL));
    *result = (PickleValue){.type = PICKLE_TEXT, .text = {(const uint8_t *)"", 0}};
    return STATUS_OK;
}

/* ---- names ---- */

/* NumPy 2 moved what was numpy.core to numpy._core. */
static const PickleName names[] = {
    {"numpy", "ndarray", NULL},
    {"numpy", "dtype", call_dtype},
    {"numpy.core.multiarray", "_reconstruct", call_reconstruct},
    {"numpy._core.multiarray", "_reconstruct", call_reconstruct},
    {"numpy.core.multiarray", "scalar", call_scalar},
    {"numpy._core.multiarray", "scalar", call_scalar},
    {"numpy.core.numeric", "_frombuffer", call_frombuffer},
    {"numpy._core.numeric", "_frombuffer", call_frombuffer},
    {"_codecs", "encode", call_encode},
    {"__builtin__", "bytes", call_bytes},
    {"builtins", "bytes", call_bytes},
};

Status pickle_numpy_find(PickleHeap *heap, PickleText module, PickleText name,
                         PickleValue *result) {
    char module_text[BYTES_EXCERPT], name_text[BYTES_EXCERPT];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (pickle_value_text_is(module, names[i].module) &&
            pickle_value_text_is(name, names[i].name)) {
            *result = (PickleValue){.type = PICKLE_NAME, .name = &names[i]};
            return STATUS_OK;
        }
    return pickle_heap_fail(heap,
                            "asks for %s.%s, which is not on the list of what a data set needs; "
                            "nothing was executed",
                            bytes_excerpt(module.bytes, module.count, module_text),
                            bytes_excerpt(name.bytes, name.count, name_text));
}

Status pickle_numpy_call(PickleHeap *heap, const PickleValue *callee, const PickleValue *arguments,
                         PickleValue *result) {
    if (callee->type != PICKLE_NAME || !callee->name->call)
        return pickle_heap_fail(heap, "calls %s, which is no function",
                                callee->type == PICKLE_NAME ? callee->name->name
                                                            : pickle_value_type(callee->type));
    if (arguments->type != PICKLE_TUPLE)
        return pickle_heap_fail(heap, "calls %s with %s; a tuple is wanted", callee->name->name,
                                pickle_value_type(arguments->type));
    return callee->name->call(heap, arguments->items, result);
}

Status pickle_numpy_build(PickleHeap *heap, const PickleValue *object, const PickleValue *state) {
    if (object->type != PICKLE_ARRAY && object->type != PICKLE_DTYPE)
        return pickle_heap_fail(heap, "gives a state to %s; only arrays and dtypes have one",
                                pickle_value_type(object->type));
    if (state->type != PICKLE_TUPLE)
        return pickle_heap_fail(heap, "gives %s as a state; a tuple is wanted",
                                pickle_value_type(state->type));
    if (object->type == PICKLE_ARRAY)
        return build_array(heap, object->array, state->items);
    return build_dtype(heap, object->dtype, state->items);
}
