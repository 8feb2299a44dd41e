#ifndef VIT_FAT_ROWS_H
#define VIT_FAT_ROWS_H

#include <stddef.h>

/* Some rows of a fat layer's kernel W [in, out] (model_layer_is_fat), and what they contribute to
 * the layer's products; whoever has the rows brings them together with the others':
 *
 *   forward   z  = sum over all rows of x[:, rows] W[rows, :]
 *   backward  dx[:, rows] = dz W[rows, :]^T         gradient  dW[rows, :] = x[:, rows]^T dz
 *
 * The rows are cut into leaves of the tree (tree.h), in whose order z is summed, so that it does
 * not depend on who has which of them. All calls are local, made outside parallel regions, and run
 * on `threads` OpenMP threads; what they make does not depend on these, nor on how many images are
 * multiplied together. */
typedef struct FatRows {
    size_t in, out, threads;
    size_t first_leaf, end_leaf; /* the leaves that these rows are: none, or some */
    size_t first, count;         /* the rows */
} FatRows;

/* Leaves of a layer of `in` inputs, a power of two; the first row of one, in with the number of all
 * leaves. */
size_t fat_rows_leaves(size_t in);
size_t fat_rows_leaf(size_t in, size_t leaf);

/* Those of leaves [first_leaf, end_leaf). */
FatRows fat_rows_of(size_t in, size_t out, size_t first_leaf, size_t end_leaf, size_t threads);

/* The nodes that the leaves make up (tree_cover). */
size_t fat_rows_nodes(const FatRows *rows);

/* Floats of room for products with up to so many images, of which the gradient has up to `batch`.
 */
size_t fat_rows_room(const FatRows *rows, size_t images, size_t batch);

/* kernel: the first of the rows. input [images, count] with leading dimension ld; node[i] [images,
 * out]: the sum over the rows of the i-th node. */
void fat_rows_forward(const FatRows *rows, const float *kernel, size_t images, const float *input,
                      size_t ld, float *const *node, float *room);
/* delta [images, out], dinput [images, count]. */
void fat_rows_backward(const FatRows *rows, const float *kernel, size_t images, const float *delta,
                       float *dinput, float *room);
/* `some` of the rows, whose columns of the input are given: gradient [some, out], overwritten,
 * summed over the images in their order. */
void fat_rows_gradient(const FatRows *rows, size_t some, size_t images, const float *input,
                       size_t ld, const float *delta, float *gradient, float *room);

#endif
