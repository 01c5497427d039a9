/* regrow.c - a part of the budget goes to what is critical instead of what is large */

#include "pln/sparsify.h"

#include <math.h>
#include <string.h>

/* What is at work in one update. */
typedef struct update {
    const float   *magnitude, *score, *tie;
    const uint8_t *readout;
    size_t         n;
    bool           whole_rows;
    float         *scratch;
    uint8_t       *chosen;
} update;

/* The k largest of u->scratch; or, where equal ones are taken or left together, those above the last of them. */
static size_t choose(const update *u, size_t k, bool with_last)
{
    float least = INFINITY;
    size_t count = pln_select_largest(u->scratch, u->n, k, u->chosen);

    if (!u->whole_rows) return count;
    for (size_t i = 0; i < u->n; i++)
        if (u->chosen[i] && u->scratch[i] < least) least = u->scratch[i];
    count = 0;
    for (size_t i = 0; i < u->n; i++)
        count += u->chosen[i] = u->scratch[i] > least || (with_last && u->scratch[i] >= least && k > 0);
    return count;
}

/* Of candidates with equal scores at the end of the choice, those with the larger tie. */
static void break_ties(const update *u)
{
    float least = INFINITY;
    size_t ties = 0;

    for (size_t i = 0; i < u->n; i++)
        if (u->chosen[i] && u->scratch[i] < least) least = u->scratch[i];
    for (size_t i = 0; i < u->n; i++) {
        const bool equal = u->scratch[i] <= least && u->scratch[i] >= least;
        ties += equal && u->chosen[i];
        if (!equal && u->chosen[i]) u->scratch[i] = INFINITY;            /* is chosen in any case */
        else u->scratch[i] = equal ? u->tie[i] : -INFINITY;
    }
    for (size_t i = 0; i < u->n; i++) ties += u->scratch[i] >= INFINITY;
    (void)pln_select_largest(u->scratch, u->n, ties, u->chosen);
}

static size_t revive(const update *u, size_t count, uint8_t *mask)
{
    for (size_t i = 0; i < u->n; i++) u->scratch[i] = mask[i] || u->readout[i] ? -INFINITY : u->score[i];
    count = choose(u, count, true);
    if (u->tie && !u->whole_rows && count > 0) break_ties(u);
    for (size_t i = 0; i < u->n; i++) mask[i] |= u->chosen[i];
    return count;
}

/* Of 1000 by 0.7 there are 700, also where rounding has taken something from a whole number. */
static size_t part_of(size_t n, double ratio)
{
    const double part = floor(ratio * (double)n + 1e-6);
    return !(part > 0) ? 0 : part < (double)n ? (size_t)part : n;
}

pln_regrown pln_regrow(const float *magnitude, const uint8_t *readout, const float *score, const float *tie, size_t n,
                       size_t budget, const pln_regrowth *how, float *scratch, uint8_t *chosen, uint8_t *mask)
{
    const update u = { magnitude, score, tie, readout, n, how->whole_rows, scratch, chosen };
    size_t of_readout = 0;

    memcpy(scratch, magnitude, n * sizeof *scratch);
    (void)choose(&u, budget, false);
    for (size_t i = 0; i < n; i++) of_readout += mask[i] = chosen[i] && readout[i];
    const size_t left = budget - of_readout, back = part_of(left, how->ratio);
    for (size_t i = 0; i < n; i++) scratch[i] = readout[i] ? -INFINITY : magnitude[i];
    const size_t kept = choose(&u, left - back, false);
    for (size_t i = 0; i < n; i++) mask[i] |= chosen[i];
    return (pln_regrown){ of_readout + kept, back ? revive(&u, back, mask) : 0 };
}
