/* select.c - how many weights stay, and which: schedules, and the largest of many scores */

#include "pln/sparsify.h"

#include <math.h>
#include <string.h>

/* ---- schedules --------------------------------------------------------------- */

double pln_sparsity_cubic(double from, double to, int update, int updates)
{
    const double left = update >= updates ? 0 : update <= 0 ? 1 : 1 - (double)update / updates;

    return to + (from - to) * left * left * left;
}

double pln_sparsity_cosine(double from, double to, double part)
{
    static const double PI = 3.14159265358979323846;

    return to + (from - to) * (1 + cos(PI * fmin(1, fmax(0, part)))) / 2;
}

double pln_sparsity_rounds(double share, int rounds) { return 1 - pow(1 - share, rounds); }

size_t pln_sparsity_budget(size_t n, double sparsity)
{
    /* 0.8 of 1000 leaves 200, though 1 - 0.8 is a little less than 0.2. */
    return (size_t)floor((double)n * (1 - sparsity) + 1e-6);
}

/* ---- selection ------------------------------------------------------------------ */

enum { BITS = 11, BINS = 1 << BITS };

/* Numbers in the order of the floats; the two zeros are the same. */
static uint32_t key_of(float score)
{
    uint32_t bits;

    score += 0.0f;
    memcpy(&bits, &score, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

/* What is no candidate. */
static bool is_out(float score) { return !(score > -INFINITY); }

/* The key of the k-th largest candidate, digit by digit from the top; *above is how many are larger. */
static uint32_t find_key(const float *score, size_t n, size_t k, size_t *above)
{
    static const int shifts[] = { 21, 10, 0 };
    uint32_t found = 0, known = 0;

    *above = 0;
    for (int digit = 0; digit < 3; digit++) {
        const int shift = shifts[digit], bits = digit < 2 ? BITS : 10;
        size_t count[BINS] = { 0 };
        for (size_t i = 0; i < n; i++) {
            const uint32_t key = key_of(score[i]);
            if (!is_out(score[i]) && (key & known) == found) count[key >> shift & ((1u << bits) - 1)]++;
        }
        int bin = (1 << bits) - 1;
        while (bin > 0 && *above + count[bin] < k) *above += count[bin--];
        found |= (uint32_t)bin << shift;
        known |= ((1u << bits) - 1) << shift;
    }
    return found;
}

size_t pln_select_largest(const float *score, size_t n, size_t k, uint8_t *chosen)
{
    size_t candidates = 0, above;

    memset(chosen, 0, n);
    for (size_t i = 0; i < n; i++) candidates += !is_out(score[i]);
    if (k > candidates) k = candidates;
    if (k == 0) return 0;
    const uint32_t least = find_key(score, n, k, &above);
    size_t ties = k - above;
    for (size_t i = 0; i < n; i++) {
        const uint32_t key = key_of(score[i]);
        if (is_out(score[i]) || key < least || (key == least && ties == 0)) continue;
        chosen[i] = 1;
        ties -= key == least;
    }
    return k;
}
