#include "class_top.h"

#include <math.h>
#include <stdbool.h>

/* Whether class a, which is above b, comes before it all the same. */
static bool overtakes(const float *logits, size_t a, size_t b) {
    return logits[a] > logits[b] || (isnan(logits[b]) && !isnan(logits[a]));
}

size_t class_top_answer(size_t classes, const float *logits) {
    size_t best = 0;
    for (size_t c = 1; c < classes; c++)
        best = overtakes(logits, c, best) ? c : best;
    return best;
}

/* What probabilities are relative to. */
typedef struct Softmax {
    double maximum, sum;
} Softmax;

static Softmax softmax_of(size_t classes, const float *logits) {
    Softmax softmax = {.maximum = (double)logits[class_top_answer(classes, logits)]};
    for (size_t c = 0; c < classes; c++)
        softmax.sum += exp((double)logits[c] - softmax.maximum);
    return softmax;
}

static double probability_of(const Softmax *softmax, float logit) {
    return exp((double)logit - softmax->maximum) / softmax->sum;
}

void class_top_probabilities(size_t classes, const float *logits, double *probability) {
    const Softmax softmax = softmax_of(classes, logits);
    for (size_t c = 0; c < classes; c++)
        probability[c] = probability_of(&softmax, logits[c]);
}

size_t class_top(size_t classes, const float *logits, size_t count, ClassAnswer *top) {
    const Softmax softmax = softmax_of(classes, logits);
    size_t found = 0;
    for (size_t c = 0; c < classes; c++) {
        size_t place = found;
        while (place > 0 && overtakes(logits, c, top[place - 1].class))
            place--;
        if (place == count)
            continue;
        found += found < count;
        for (size_t i = found - 1; i > place; i--)
            top[i] = top[i - 1];
        top[place].class = c;
    }
    for (size_t i = 0; i < found; i++)
        top[i].probability = probability_of(&softmax, logits[top[i].class]);
    return found;
}
