#include "nearest.h"

#include "vit/size.h"
#include <ctype.h>
#include <string.h>

enum { NAME_MAX_COMPARED = 48 };

/* How many characters must be inserted, removed, replaced or swapped with their neighbour to turn
 * one name into the other, letter case aside (Damerau-Levenshtein, optimal string alignment). */
static size_t distance_between(const char *a, const char *b) {
    size_t columns = size_smaller(strlen(b), NAME_MAX_COMPARED);
    size_t rows = size_smaller(strlen(a), NAME_MAX_COMPARED);
    size_t room[3][NAME_MAX_COMPARED + 1];
    size_t *before = room[0], *above = room[1], *row = room[2];
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            int here = tolower((unsigned char)a[i - 1]), there = tolower((unsigned char)b[j - 1]);
            row[j] = size_smaller(above[j - 1] + (here != there),
                                  size_smaller(above[j] + 1, row[j - 1] + 1));
            if (i > 1 && j > 1 && here == tolower((unsigned char)b[j - 2]) &&
                there == tolower((unsigned char)a[i - 2]))
                row[j] = size_smaller(row[j], before[j - 2] + 1);
        }
    }
    return row[columns];
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
