/* likeness.c - names that are nearly right */

#include "likeness.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST = 128, TOO_FAR = 3 };

likeness likeness_of(const char *wrong) { return (likeness){ .wrong = wrong, .nearest = TOO_FAR }; }

/* How many letters must be put in, left out or changed to make one name of the other (Levenshtein's
 * distance), by one row of the table at a time; LONGEST if a name is longer than that. */
static int distance(const char *a, const char *b)
{
    const int m = (int)strlen(a), n = (int)strlen(b);
    int row[LONGEST + 1];

    if (m > LONGEST || n > LONGEST) return LONGEST;
    for (int k = 0; k <= n; k++) row[k] = k;
    for (int i = 1; i <= m; i++) {
        int corner = row[0];
        row[0] = i;
        for (int k = 1; k <= n; k++) {
            const int changed = corner + (a[i - 1] != b[k - 1]), above = row[k];
            const int least = above < row[k - 1] ? above + 1 : row[k - 1] + 1;
            row[k] = changed < least ? changed : least;
            corner = above;
        }
    }
    return row[n];
}

void likeness_offer(likeness *n, const char *name, const char *shown)
{
    const int d = distance(n->wrong, name);

    if (d > n->nearest || (d == n->nearest && d > 0)) return;
    const size_t used = d == n->nearest ? strlen(n->hint) : 0;
    snprintf(n->hint + used, LIKENESS_HINT - used, "%s%s", used ? " or " : "", shown);
    n->nearest = d;
}
