#include "mistakes.h"

#include "vit/size.h"
#include <math.h>
#include <string.h>

/* Puts it among the surest so far; returns how many they are then. */
static size_t keep(Mistake *kept, size_t count, size_t most, Mistake mistake) {
    size_t at = count;
    while (at > 0 && kept[at - 1].answer.probability < mistake.answer.probability)
        at--;
    if (at == most)
        return count;
    count = size_smaller(count + 1, most);
    memmove(kept + at + 1, kept + at, (count - at - 1) * sizeof *kept);
    kept[at] = mistake;
    return count;
}

size_t mistakes_find(size_t images, size_t classes, const float *logits, const uint16_t *label,
                     size_t most, Mistake *mistake) {
    size_t count = 0;
    for (size_t i = 0; i < images; i++) {
        Mistake found = {.image = i};
        class_top(classes, logits + i * classes, 1, &found.answer);
        if (found.answer.class != label[i] && isfinite(found.answer.probability))
            count = keep(mistake, count, most, found);
    }
    return count;
}
