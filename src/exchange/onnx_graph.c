#include "onnx_graph.h"

#include "little_endian.h"
#include <stdio.h>
#include <string.h>

enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OPERATOR = 4, NODE_ATTRIBUTE = 5 };
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_F = 2,
    ATTRIBUTE_I = 3,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20
};
enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { ELEMENT_FLOAT = 1, ELEMENT_INT64 = 7 };

OnnxValue onnx_named(const char *name) {
    OnnxValue value;
    snprintf(value.name, sizeof value.name, "%s", name);
    return value;
}

/* ---- constants ---- */

static Wire begin_tensor(const char *name, int type, size_t axes, const size_t *shape) {
    Wire tensor = {0};
    for (size_t i = 0; i < axes; i++)
        wire_add_integer(&tensor, TENSOR_DIMS, shape[i]);
    wire_add_integer(&tensor, TENSOR_TYPE, (uint64_t)type);
    wire_add_text(&tensor, TENSOR_NAME, name);
    return tensor;
}

OnnxValue onnx_floats(OnnxGraph *graph, const char *name, size_t axes, const size_t *shape,
                      const float *values) {
    Wire tensor = begin_tensor(name, ELEMENT_FLOAT, axes, shape);
    size_t count = 1;
    for (size_t i = 0; i < axes; i++)
        count *= shape[i];
    wire_add_floats(&tensor, TENSOR_RAW, values, count);
    wire_add_message(&graph->body, GRAPH_INITIALIZER, &tensor);
    return onnx_named(name);
}

OnnxValue onnx_scalar(OnnxGraph *graph, const char *name, float value) {
    return onnx_floats(graph, name, 0, NULL, &value);
}

OnnxValue onnx_integers(OnnxGraph *graph, const char *name, size_t count, const int64_t *values) {
    Wire tensor = begin_tensor(name, ELEMENT_INT64, 1, &count);
    Wire raw = {0};
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[8];
        little_endian_put((uint64_t)values[i], bytes, sizeof bytes);
        wire_append(&raw, bytes, sizeof bytes);
    }
    wire_add_message(&tensor, TENSOR_RAW, &raw);
    wire_add_message(&graph->body, GRAPH_INITIALIZER, &tensor);
    return onnx_named(name);
}

/* ---- nodes ---- */

static Wire begin_attribute(const char *name, int type) {
    Wire attribute = {0};
    wire_add_text(&attribute, ATTRIBUTE_NAME, name);
    wire_add_integer(&attribute, ATTRIBUTE_TYPE, (uint64_t)type);
    return attribute;
}

void onnx_set_integer(Wire *attributes, const char *name, int64_t value) {
    Wire attribute = begin_attribute(name, TYPE_INT);
    wire_add_integer(&attribute, ATTRIBUTE_I, (uint64_t)value);
    wire_add_message(attributes, NODE_ATTRIBUTE, &attribute);
}

void onnx_set_integers(Wire *attributes, const char *name, size_t count, const int64_t *values) {
    Wire attribute = begin_attribute(name, TYPE_INTS);
    for (size_t i = 0; i < count; i++)
        wire_add_integer(&attribute, ATTRIBUTE_INTS, (uint64_t)values[i]);
    wire_add_message(attributes, NODE_ATTRIBUTE, &attribute);
}

void onnx_set_float(Wire *attributes, const char *name, float value) {
    Wire attribute = begin_attribute(name, TYPE_FLOAT);
    wire_add_float(&attribute, ATTRIBUTE_F, value);
    wire_add_message(attributes, NODE_ATTRIBUTE, &attribute);
}

OnnxValue onnx_node(OnnxGraph *graph, const char *operator, const OnnxInputs * inputs,
                    Wire *attributes) {
    Wire node = {0};
    OnnxValue output;
    snprintf(output.name, sizeof output.name, "%s_%zu", operator, graph->nodes++);
    for (size_t i = 0; i < ONNX_INPUTS_MOST && inputs->value[i].name[0]; i++)
        wire_add_text(&node, NODE_INPUT, inputs->value[i].name);
    wire_add_text(&node, NODE_OUTPUT, output.name);
    wire_add_text(&node, NODE_NAME, output.name);
    wire_add_text(&node, NODE_OPERATOR, operator);
    if (attributes)
        wire_append_message(&node, attributes);
    wire_add_message(&graph->body, GRAPH_NODE, &node);
    return output;
}

void onnx_rename_output(OnnxGraph *graph, OnnxValue value, const char *name) {
    Wire node = {0};
    wire_add_text(&node, NODE_INPUT, value.name);
    wire_add_text(&node, NODE_OUTPUT, name);
    wire_add_text(&node, NODE_OPERATOR, "Identity");
    wire_add_message(&graph->body, GRAPH_NODE, &node);
}

/* ---- what goes in and out ---- */

/* ValueInfoProto: name 1, type 2; TypeProto: tensor_type 1 of elem_type 1 and shape 2, whose dims 1
 * have dim_value 1 or dim_param 2. */
static Wire float_value(const char *name, size_t axes, const size_t *shape) {
    Wire value = {0}, type = {0}, tensor = {0}, sides = {0};
    for (size_t i = 0; i < axes; i++) {
        Wire side = {0};
        if (shape[i])
            wire_add_integer(&side, 1, shape[i]);
        else
            wire_add_text(&side, 2, "batch");
        wire_add_message(&sides, 1, &side);
    }
    wire_add_integer(&tensor, 1, ELEMENT_FLOAT);
    wire_add_message(&tensor, 2, &sides);
    wire_add_message(&type, 1, &tensor);
    wire_add_text(&value, 1, name);
    wire_add_message(&value, 2, &type);
    return value;
}

void onnx_add_input(OnnxGraph *graph, const char *name, size_t axes, const size_t *shape) {
    Wire value = float_value(name, axes, shape);
    wire_add_message(&graph->body, GRAPH_INPUT, &value);
}

void onnx_add_output(OnnxGraph *graph, const char *name, size_t axes, const size_t *shape) {
    Wire value = float_value(name, axes, shape);
    wire_add_message(&graph->body, GRAPH_OUTPUT, &value);
}
