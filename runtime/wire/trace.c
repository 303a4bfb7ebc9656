/*
 * See trace.h.
 */
#include "wire/trace.h"

#include <stddef.h>
#include <string.h>

/* version "-" trace id "-" parent id "-" flags */
static const char form[] = "vv-tttttttttttttttttttttttttttttttt-pppppppppppppppp-ff";

#define TRACE_ID_AT   3
#define TRACE_ID_SIZE 32
#define PARENT_AT     36
#define PARENT_SIZE   16

static bool has_form(const char *value)
{
    for (size_t i = 0; form[i] != '\0'; i++) {
        bool fits = form[i] == '-' ? value[i] == '-'
                                   : value[i] != '\0' && strchr("0123456789abcdef", value[i]);
        if (!fits)
            return false;
    }
    return true;
}

static bool is_all_zeros(const char *digits, size_t count)
{
    return strspn(digits, "0") >= count;
}

bool nm_traceparent_is_valid(const char *value)
{
    if (!has_form(value) || is_all_zeros(value + TRACE_ID_AT, TRACE_ID_SIZE) ||
        is_all_zeros(value + PARENT_AT, PARENT_SIZE) || strncmp(value, "ff", 2) == 0)
        return false;
    char after = value[sizeof(form) - 1];
    return after == '\0' || (after == '-' && strncmp(value, "00", 2) != 0);
}
