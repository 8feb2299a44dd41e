#include "pickle.h"

#include "bytes.h"
#include "pickle_numpy.h"
#include "vit/memory.h"
#include <string.h>

enum {
    MARKS_MAX = 256, /* lists within lists; Python gives up at a thousand */
    MEMORY_PER_BYTE = 64,
    MEMORY_BASE = 1 << 20,
    PROTOCOL_MIN = 2,
    PROTOCOL_MAX = 5
};
#define MEMORY_MAX ((size_t)2 << 30)

struct Pickle {
    PickleHeap heap;
    PickleItems empty; /* what () holds */
    PickleValue root;
};

/* The stack machine. What an opcode finds behind a mark it may take, what is before it not. */
typedef struct Machine {
    PickleHeap *heap;
    const uint8_t *bytes;
    size_t count, at; /* the next byte */
    bool stopped;
    PickleItems stack, memo;
    size_t memoized;               /* entries of the memo, without gaps */
    size_t marks, mark[MARKS_MAX]; /* heights of the stack */
    PickleItems *empty;
} Machine;

typedef struct Opcode {
    const char *name;
    /* NULL: is refused by its name */
    Status (*run)(Machine *machine, size_t operand);
    size_t operand;
} Opcode;

/* ---- bytes ---- */

static Status take_bytes(Machine *machine, uint64_t count, const uint8_t **bytes) {
    const size_t left = machine->count - machine->at;
    if (count > left)
        return pickle_heap_fail(machine->heap,
                                "%llu bytes are to follow from byte %zu on, but %zu are there",
                                (unsigned long long)count, machine->at, left);
    *bytes = machine->bytes + machine->at;
    machine->at += (size_t)count;
    return STATUS_OK;
}

static Status take_number(Machine *machine, size_t width, uint64_t *number) {
    const uint8_t *bytes;
    STATUS_TRY(take_bytes(machine, width, &bytes));
    *number = bytes_little(bytes, width);
    return STATUS_OK;
}

/* A line's bytes without its end. */
static Status take_line(Machine *machine, PickleText *line) {
    line->bytes = machine->bytes + machine->at;
    const uint8_t *end = memchr(line->bytes, '\n', machine->count - machine->at);
    if (!end)
        return pickle_heap_fail(machine->heap, "a name without an end");
    line->count = (size_t)(end - line->bytes);
    machine->at += line->count + 1;
    return STATUS_OK;
}

/* ---- the stack ---- */

static Status push(Machine *machine, PickleValue value) {
    return pickle_heap_append(machine->heap, &machine->stack, &value, 1);
}

/* Takes the last `count` values off; they stay where they are until the next push. */
static Status pop(Machine *machine, size_t count, const PickleValue **values) {
    const size_t floor = machine->marks ? machine->mark[machine->marks - 1] : 0;
    if (machine->stack.count - floor < count)
        return pickle_heap_fail(machine->heap,
                                "needs %zu of the stack's values, of which there are %zu", count,
                                machine->stack.count - floor);
    machine->stack.count -= count;
    *values = machine->stack.item + machine->stack.count;
    return STATUS_OK;
}

/* The last value, which stays on the stack; STATUS_DATA when it is not of this type. */
static Status peek(Machine *machine, PickleType type, PickleValue **value) {
    const PickleValue *last;
    STATUS_TRY(pop(machine, 1, &last));
    *value = &machine->stack.item[machine->stack.count++];
    if ((*value)->type != type)
        return pickle_heap_fail(machine->heap, "%s is wanted, %s is there", pickle_value_type(type),
                                pickle_value_type((*value)->type));
    return STATUS_OK;
}

/* Takes off all values behind the last mark, and the mark. */
static Status pop_marked(Machine *machine, size_t *count, const PickleValue **values) {
    if (machine->marks == 0)
        return pickle_heap_fail(machine->heap, "values behind a mark are wanted; there is no mark");
    *count = machine->stack.count - machine->mark[machine->marks - 1];
    STATUS_TRY(pop(machine, *count, values));
    machine->marks--;
    return STATUS_OK;
}

static Status run_mark(Machine *machine, size_t operand) {
    (void)operand;
    if (machine->marks == MARKS_MAX)
        return pickle_heap_fail(machine->heap, "nested more than %d deep", MARKS_MAX);
    machine->mark[machine->marks++] = machine->stack.count;
    return STATUS_OK;
}

/* ---- the stream ---- */

static Status run_protocol(Machine *machine, size_t operand) {
    uint64_t protocol = 0;
    STATUS_TRY(take_number(machine, operand, &protocol));
    if (protocol < PROTOCOL_MIN || protocol > PROTOCOL_MAX)
        return pickle_heap_fail(machine->heap, "pickle protocol %u; %d to %d can be read",
                                (unsigned)protocol, PROTOCOL_MIN, PROTOCOL_MAX);
    return STATUS_OK;
}

/* A frame says how many bytes can be read at once: here all are there already. */
static Status run_frame(Machine *machine, size_t operand) {
    uint64_t length = 0;
    const uint8_t *frame;
    STATUS_TRY(take_number(machine, operand, &length));
    STATUS_TRY(take_bytes(machine, length, &frame));
    machine->at -= (size_t)length;
    return STATUS_OK;
}

static Status run_stop(Machine *machine, size_t operand) {
    (void)operand;
    if (machine->stack.count != 1 || machine->marks)
        return pickle_heap_fail(
            machine->heap, "ends with values: %zu, marks: %zu; one value and no mark are wanted",
            machine->stack.count, machine->marks);
    if (machine->at != machine->count)
        return pickle_heap_fail(machine->heap, "ends here, but the file at byte %zu",
                                machine->count);
    machine->stopped = true;
    return STATUS_OK;
}

/* ---- plain values ---- */

static Status run_none(Machine *machine, size_t operand) {
    (void)operand;
    return push(machine, (PickleValue){.type = PICKLE_NONE});
}

static Status run_bool(Machine *machine, size_t truth) {
    return push(machine, (PickleValue){.type = PICKLE_BOOL, .integer = (int64_t)truth});
}

static Status push_integer(Machine *machine, int64_t integer) {
    return push(machine, (PickleValue){.type = PICKLE_INTEGER, .integer = integer});
}

static Status run_unsigned(Machine *machine, size_t width) {
    uint64_t number = 0;
    STATUS_TRY(take_number(machine, width, &number));
    return push_integer(machine, (int64_t)number); /* at most 2 bytes */
}

static Status run_signed(Machine *machine, size_t width) {
    uint64_t number = 0;
    STATUS_TRY(take_number(machine, width, &number));
    return push_integer(machine, bytes_signed(number, width));
}

/* The number's width stands before it. */
static Status run_long(Machine *machine, size_t operand) {
    uint64_t width = 0;
    STATUS_TRY(take_number(machine, operand, &width));
    if (width > sizeof(int64_t))
        return pickle_heap_fail(machine->heap, "an integer of %llu bytes; at most 8 can be read",
                                (unsigned long long)width);
    return run_signed(machine, (size_t)width);
}

static Status run_float(Machine *machine, size_t width) {
    const uint8_t *bytes;
    STATUS_TRY(take_bytes(machine, width, &bytes));
    const Array one = {.type = ARRAY_F64, .big_endian = true, .count = 1, .bytes = bytes};
    return push(machine, (PickleValue){.type = PICKLE_FLOAT, .real = array_real(&one, 0)});
}

/* The number of bytes stands before them. */
static Status run_text(Machine *machine, size_t operand) {
    PickleValue value = {.type = PICKLE_TEXT};
    uint64_t count = 0;
    STATUS_TRY(take_number(machine, operand, &count));
    STATUS_TRY(take_bytes(machine, count, &value.text.bytes));
    value.text.count = (size_t)count;
    return push(machine, value);
}

/* ---- containers ---- */

static Status run_empty(Machine *machine, size_t type) {
    PickleValue value = {.type = (PickleType)type};
    STATUS_TRY(pickle_heap_take(machine->heap, sizeof *value.items, &value.items));
    return push(machine, value);
}

static Status run_empty_tuple(Machine *machine, size_t operand) {
    (void)operand;
    return push(machine, (PickleValue){.type = PICKLE_TUPLE, .items = machine->empty});
}

static Status push_tuple(Machine *machine, const PickleValue *values, size_t count) {
    PickleValue tuple = {.type = PICKLE_TUPLE};
    STATUS_TRY(pickle_heap_take(machine->heap, sizeof *tuple.items, &tuple.items));
    STATUS_TRY(pickle_heap_append(machine->heap, tuple.items, values, count));
    return push(machine, tuple);
}

static Status run_tuple(Machine *machine, size_t count) {
    const PickleValue *values;
    STATUS_TRY(pop(machine, count, &values));
    return push_tuple(machine, values, count);
}

static Status run_marked_tuple(Machine *machine, size_t operand) {
    (void)operand;
    const PickleValue *values;
    size_t count = 0;
    STATUS_TRY(pop_marked(machine, &count, &values));
    return push_tuple(machine, values, count);
}

/* Appends values that were on the stack to the list or dict below them. */
static Status extend(Machine *machine, PickleType type, const PickleValue *values, size_t count) {
    PickleValue *container;
    STATUS_TRY(peek(machine, type, &container));
    if (type == PICKLE_DICT && count % 2)
        return pickle_heap_fail(machine->heap, "the last key of a dict has no value");
    return pickle_heap_append(machine->heap, container->items, values, count);
}

static Status run_append(Machine *machine, size_t operand) {
    (void)operand;
    const PickleValue *value;
    STATUS_TRY(pop(machine, 1, &value));
    return extend(machine, PICKLE_LIST, value, 1);
}

static Status run_set_item(Machine *machine, size_t operand) {
    (void)operand;
    const PickleValue *pair;
    STATUS_TRY(pop(machine, 2, &pair));
    return extend(machine, PICKLE_DICT, pair, 2);
}

static Status run_extend(Machine *machine, size_t type) {
    const PickleValue *values;
    size_t count = 0;
    STATUS_TRY(pop_marked(machine, &count, &values));
    return extend(machine, (PickleType)type, values, count);
}

/* ---- the memo: values by number, to be had again ---- */

static Status memo_put(Machine *machine, uint64_t index) {
    PickleItems *memo = &machine->memo;
    const PickleValue *value;
    /* A value and its number take two bytes at least; picklers count from 0 or 1. */
    if (index > machine->at / 2)
        return pickle_heap_fail(machine->heap, "memo entry %llu, with room for %zu before it",
                                (unsigned long long)index, machine->at / 2);
    STATUS_TRY(pop(machine, 1, &value));
    machine->stack.count++;
    if (index >= memo->count) {
        const size_t more = (size_t)index + 1 - memo->count;
        STATUS_TRY(pickle_heap_reserve(machine->heap, memo, more));
        memo->count += more; /* their type is 0, none */
    }
    machine->memoized += !memo->item[index].type;
    memo->item[index] = *value;
    return STATUS_OK;
}

static Status run_put(Machine *machine, size_t width) {
    uint64_t index = 0;
    STATUS_TRY(take_number(machine, width, &index));
    return memo_put(machine, index);
}

static Status run_memoize(Machine *machine, size_t operand) {
    (void)operand;
    return memo_put(machine, machine->memoized);
}

static Status run_get(Machine *machine, size_t width) {
    uint64_t index = 0;
    STATUS_TRY(take_number(machine, width, &index));
    if (index >= machine->memo.count || !machine->memo.item[index].type)
        return pickle_heap_fail(machine->heap, "memo entry %llu was never stored",
                                (unsigned long long)index);
    return push(machine, machine->memo.item[index]);
}

/* ---- names, and what is made with them ---- */

static Status push_name(Machine *machine, PickleText module, PickleText name) {
    PickleValue value = {0};
    STATUS_TRY(pickle_numpy_find(machine->heap, module, name, &value));
    return push(machine, value);
}

static Status run_global(Machine *machine, size_t operand) {
    (void)operand;
    PickleText module = {0}, name = {0};
    STATUS_TRY(take_line(machine, &module));
    STATUS_TRY(take_line(machine, &name));
    return push_name(machine, module, name);
}

static Status run_stack_global(Machine *machine, size_t operand) {
    (void)operand;
    const PickleValue *names;
    STATUS_TRY(pop(machine, 2, &names));
    if (names[0].type != PICKLE_TEXT || names[1].type != PICKLE_TEXT)
        return pickle_heap_fail(machine->heap, "a module and a name are wanted");
    return push_name(machine, names[0].text, names[1].text);
}

static Status run_reduce(Machine *machine, size_t operand) {
    (void)operand;
    const PickleValue *call;
    PickleValue result = {0};
    STATUS_TRY(pop(machine, 2, &call));
    STATUS_TRY(pickle_numpy_call(machine->heap, &call[0], &call[1], &result));
    return push(machine, result);
}

static Status run_build(Machine *machine, size_t operand) {
    (void)operand;
    const PickleValue *build;
    STATUS_TRY(pop(machine, 2, &build));
    machine->stack.count++; /* the object stays */
    return pickle_numpy_build(machine->heap, &build[0], &build[1]);
}

/* ---- the opcodes, as pickletools names them ---- */

static const Opcode opcodes[256] = {
    ['('] = {"MARK", run_mark, 0},
    ['.'] = {"STOP", run_stop, 0},
    ['0'] = {"POP", NULL, 0},
    ['1'] = {"POP_MARK", NULL, 0},
    ['2'] = {"DUP", NULL, 0},
    ['F'] = {"FLOAT", NULL, 0},
    ['I'] = {"INT", NULL, 0},
    ['J'] = {"BININT", run_signed, 4},
    ['K'] = {"BININT1", run_unsigned, 1},
    ['L'] = {"LONG", NULL, 0},
    ['M'] = {"BININT2", run_unsigned, 2},
    ['N'] = {"NONE", run_none, 0},
    ['P'] = {"PERSID", NULL, 0},
    ['Q'] = {"BINPERSID", NULL, 0},
    ['R'] = {"REDUCE", run_reduce, 0},
    ['S'] = {"STRING", NULL, 0},
    ['T'] = {"BINSTRING", run_text, 4},
    ['U'] = {"SHORT_BINSTRING", run_text, 1},
    ['V'] = {"UNICODE", NULL, 0},
    ['X'] = {"BINUNICODE", run_text, 4},
    ['a'] = {"APPEND", run_append, 0},
    ['b'] = {"BUILD", run_build, 0},
    ['c'] = {"GLOBAL", run_global, 0},
    ['d'] = {"DICT", NULL, 0},
    ['}'] = {"EMPTY_DICT", run_empty, PICKLE_DICT},
    ['e'] = {"APPENDS", run_extend, PICKLE_LIST},
    ['g'] = {"GET", NULL, 0},
    ['h'] = {"BINGET", run_get, 1},
    ['i'] = {"INST", NULL, 0},
    ['j'] = {"LONG_BINGET", run_get, 4},
    ['l'] = {"LIST", NULL, 0},
    [']'] = {"EMPTY_LIST", run_empty, PICKLE_LIST},
    ['o'] = {"OBJ", NULL, 0},
    ['p'] = {"PUT", NULL, 0},
    ['q'] = {"BINPUT", run_put, 1},
    ['r'] = {"LONG_BINPUT", run_put, 4},
    ['s'] = {"SETITEM", run_set_item, 0},
    ['t'] = {"TUPLE", run_marked_tuple, 0},
    [')'] = {"EMPTY_TUPLE", run_empty_tuple, 0},
    ['u'] = {"SETITEMS", run_extend, PICKLE_DICT},
    ['G'] = {"BINFLOAT", run_float, 8},
    ['B'] = {"BINBYTES", run_text, 4},
    ['C'] = {"SHORT_BINBYTES", run_text, 1},
    [0x80] = {"PROTO", run_protocol, 1},
    [0x81] = {"NEWOBJ", NULL, 0},
    [0x82] = {"EXT1", NULL, 0},
    [0x83] = {"EXT2", NULL, 0},
    [0x84] = {"EXT4", NULL, 0},
    [0x85] = {"TUPLE1", run_tuple, 1},
    [0x86] = {"TUPLE2", run_tuple, 2},
    [0x87] = {"TUPLE3", run_tuple, 3},
    [0x88] = {"NEWTRUE", run_bool, true},
    [0x89] = {"NEWFALSE", run_bool, false},
    [0x8a] = {"LONG1", run_long, 1},
    [0x8b] = {"LONG4", run_long, 4},
    [0x8c] = {"SHORT_BINUNICODE", run_text, 1},
    [0x8d] = {"BINUNICODE8", run_text, 8},
    [0x8e] = {"BINBYTES8", run_text, 8},
    [0x8f] = {"EMPTY_SET", NULL, 0},
    [0x90] = {"ADDITEMS", NULL, 0},
    [0x91] = {"FROZENSET", NULL, 0},
    [0x92] = {"NEWOBJ_EX", NULL, 0},
    [0x93] = {"STACK_GLOBAL", run_stack_global, 0},
    [0x94] = {"MEMOIZE", run_memoize, 0},
    [0x95] = {"FRAME", run_frame, 8},
    [0x96] = {"BYTEARRAY8", run_text, 8},
    [0x97] = {"NEXT_BUFFER", NULL, 0},
    [0x98] = {"READONLY_BUFFER", NULL, 0},
};

static Status run_opcode(Machine *machine) {
    machine->heap->at = machine->at;
    if (machine->at == machine->count)
        return pickle_heap_fail(machine->heap, "the file ends here, within the pickle");
    const uint8_t code = machine->bytes[machine->at++];
    const Opcode *opcode = &opcodes[code];
    if (opcode->run)
        return opcode->run(machine, opcode->operand);
    return pickle_heap_fail(machine->heap,
                            "opcode 0x%02x (%s) is not on the list of what a data set needs; "
                            "nothing was executed",
                            code, opcode->name ? opcode->name : "which Python does not have");
}

static Status run_all(Pickle *pickle, const uint8_t *bytes, size_t count) {
    Machine machine = {
        .heap = &pickle->heap, .bytes = bytes, .count = count, .empty = &pickle->empty};
    if (count < 2 || bytes[0] != 0x80)
        return pickle_heap_fail(&pickle->heap,
                                "is no pickle of protocol %d to %d, which begin with 0x80",
                                PROTOCOL_MIN, PROTOCOL_MAX);
    STATUS_TRY(pickle_heap_reserve(machine.heap, &machine.stack, 1)); /* there is an address */
    while (!machine.stopped)
        STATUS_TRY(run_opcode(&machine));
    pickle->root = machine.stack.item[0];
    return STATUS_OK;
}

/* ---- from outside ---- */

static size_t memory_limit(size_t count) {
    if (count > (MEMORY_MAX - MEMORY_BASE) / MEMORY_PER_BYTE)
        return MEMORY_MAX;
    return MEMORY_BASE + MEMORY_PER_BYTE * count;
}

Status pickle_read(const char *name, const uint8_t *bytes, size_t count, Pickle **pickle) {
    STATUS_TRY(memory_allocate(pickle, 1, sizeof **pickle, name));
    (*pickle)->heap = (PickleHeap){.name = name, .limit = memory_limit(count)};
    const Status status = run_all(*pickle, bytes, count);
    if (status != STATUS_OK) {
        pickle_free(*pickle);
        *pickle = NULL;
    }
    return status;
}

void pickle_free(Pickle *pickle) {
    if (!pickle)
        return;
    pickle_heap_free(&pickle->heap);
    memory_free(pickle);
}

const PickleValue *pickle_root(const Pickle *pickle) {
    return &pickle->root;
}

const PickleValue *pickle_get(const PickleValue *dict, const char *key) {
    if (dict->type != PICKLE_DICT)
        return NULL;
    for (size_t i = dict->items->count; i >= 2; i -= 2) { /* the last one set is in force */
        const PickleValue *pair = &dict->items->item[i - 2];
        if (pickle_value_is_text(pair, key))
            return pair + 1;
    }
    return NULL;
}
