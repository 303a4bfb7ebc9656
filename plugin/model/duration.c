/*
 * Duration: see duration.h.
 */
#include "model/duration.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct gen_unit {
    int64_t ns;
    const char *one;
    const char *many;
} gen_unit;

static const gen_unit units[] = {
    {GEN_NS_PER_SECOND * 60 * 60 * 24, "day", "days"},
    {GEN_NS_PER_SECOND * 60 * 60, "hour", "hours"},
    {GEN_NS_PER_SECOND * 60, "minute", "minutes"},
    {GEN_NS_PER_SECOND, "second", "seconds"},
    {GEN_NS_PER_MS, "ms", "ms"},
    {1, "ns", "ns"},
};

gen_words gen_duration_in_words(int64_t ns)
{
    const gen_unit *unit = units;
    while (ns % unit->ns != 0)
        unit++;
    int64_t count = ns / unit->ns;
    gen_words words;
    snprintf(words.text, sizeof(words.text), "%" PRId64 " %s", count,
             count == 1 ? unit->one : unit->many);
    return words;
}
