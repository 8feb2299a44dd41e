#ifndef VIT_ONNX_GRAPH_H
#define VIT_ONNX_GRAPH_H

#include "vit/wire.h"

/* A graph of ONNX operators while it is written. Field numbers are those of onnx.proto. Private to
 * src/exchange. All local; running out of memory is told by wire_status of the body. */

enum { ONNX_NAME = 96, ONNX_AXES_MOST = 4, ONNX_INPUTS_MOST = 3 };

/* What a node makes, or a constant: its name. "" is none. */
typedef struct OnnxValue {
    char name[ONNX_NAME];
} OnnxValue;

typedef struct OnnxGraph {
    Wire body; /* GraphProto */
    size_t nodes;
} OnnxGraph;

OnnxValue onnx_named(const char *name);

/* Constants, of the graph: floats [shape], and whole numbers [count]. */
OnnxValue onnx_floats(OnnxGraph *graph, const char *name, size_t axes, const size_t *shape,
                      const float *values);
OnnxValue onnx_scalar(OnnxGraph *graph, const char *name, float value);
OnnxValue onnx_integers(OnnxGraph *graph, const char *name, size_t count, const int64_t *values);

/* Attributes of the node that is added next; node frees them. */
void onnx_set_integer(Wire *attributes, const char *name, int64_t value);
void onnx_set_integers(Wire *attributes, const char *name, size_t count, const int64_t *values);
void onnx_set_float(Wire *attributes, const char *name, float value);

/* Adds a node with one output, which it returns. inputs end at the first "" or after three. */
typedef struct OnnxInputs {
    OnnxValue value[ONNX_INPUTS_MOST];
} OnnxInputs;
OnnxValue onnx_node(OnnxGraph *graph, const char *operator, const OnnxInputs * inputs,
                    Wire *attributes);

/* Calls a value by a name: that of an output. */
void onnx_rename_output(OnnxGraph *graph, OnnxValue value, const char *name);

/* float [shape] as the graph's input or output; 0 in shape is a batch of any number. */
void onnx_add_input(OnnxGraph *graph, const char *name, size_t axes, const size_t *shape);
void onnx_add_output(OnnxGraph *graph, const char *name, size_t axes, const size_t *shape);

#endif
