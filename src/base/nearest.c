#include "nearest.h"

#include "vit/size.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { NAME_MAX_COMPARED = 48 };

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The distance of the first i characters of a from the first j of b; those of fewer are known. */
static size_t distance_of(size_t known[][NAME_MAX_COMPARED + 1], const char *a, size_t i,
                          const char *b, size_t j) {
    if (i == 0 || j == 0)
        return i + j;
    const size_t replaced = known[i - 1][j - 1] + !same_letter(a[i - 1], b[j - 1]);
    const size_t more = size_smaller(known[i - 1][j], known[i][j - 1]) + 1;
    const size_t least = size_smaller(replaced, more);
    if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
        return size_smaller(least, known[i - 2][j - 2] + 1);
    return least;
}

/* How many characters must be inserted, removed, replaced or swapped with their neighbour to turn
 * one name into the other, letter case aside (Damerau-Levenshtein, optimal string alignment). */
static size_t distance_between(const char *a, const char *b) {
    const size_t rows = size_smaller(strlen(a), NAME_MAX_COMPARED);
    const size_t columns = size_smaller(strlen(b), NAME_MAX_COMPARED);
    size_t known[NAME_MAX_COMPARED + 1][NAME_MAX_COMPARED + 1];
    for (size_t i = 0; i <= rows; i++)
        for (size_t j = 0; j <= columns; j++)
            known[i][j] = distance_of(known, a, i, b, j);
    return known[rows][columns];
}

/* A third of the letters may be wrong: more, and the suggestion misleads. */
static size_t farthest_near(const char *name) {
    size_t third = strlen(name) / 3;
    return third ? third : 1;
}

Nearest nearest_to(const char *wanted) {
    return (Nearest){.wanted = wanted, .distance = farthest_near(wanted) + 1};
}

void nearest_offer(Nearest *nearest, const char *known) {
    const size_t distance = distance_between(nearest->wanted, known);
    if (distance >= nearest->distance)
        return;
    nearest->distance = distance;
    nearest->name = known;
}
