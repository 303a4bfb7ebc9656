/*
 * Status: from statuses to their names, which are the codes on the wire, and back; the version.
 */
#include "base/status.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    [NATSMICRO_OK] = "OK",
    [NATSMICRO_END] = "END",
    [NATSMICRO_CANCELLED] = "CANCELLED",
    [NATSMICRO_UNKNOWN] = "UNKNOWN",
    [NATSMICRO_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [NATSMICRO_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [NATSMICRO_NOT_FOUND] = "NOT_FOUND",
    [NATSMICRO_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [NATSMICRO_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [NATSMICRO_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [NATSMICRO_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [NATSMICRO_ABORTED] = "ABORTED",
    [NATSMICRO_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [NATSMICRO_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [NATSMICRO_INTERNAL] = "INTERNAL",
    [NATSMICRO_UNAVAILABLE] = "UNAVAILABLE",
    [NATSMICRO_DATA_LOSS] = "DATA_LOSS",
    [NATSMICRO_UNAUTHENTICATED] = "UNAUTHENTICATED",
    [NATSMICRO_SERVICE_ERROR] = "SERVICE_ERROR",
    [NATSMICRO_WOULD_BLOCK] = "WOULD_BLOCK",
};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* Of several statuses with one number, the first is what the number means. */
static const struct {
    const char *code;
    natsmicro_status status;
} numbers[] = {
    {"400", NATSMICRO_INVALID_ARGUMENT},
    {"401", NATSMICRO_UNAUTHENTICATED},
    {"403", NATSMICRO_PERMISSION_DENIED},
    {"404", NATSMICRO_NOT_FOUND},
    {"409", NATSMICRO_ALREADY_EXISTS},
    {"409", NATSMICRO_ABORTED},
    {"412", NATSMICRO_FAILED_PRECONDITION},
    {"416", NATSMICRO_OUT_OF_RANGE},
    {"429", NATSMICRO_RESOURCE_EXHAUSTED},
    {"499", NATSMICRO_CANCELLED},
    {"500", NATSMICRO_INTERNAL},
    {"500", NATSMICRO_UNKNOWN},
    {"500", NATSMICRO_DATA_LOSS},
    {"501", NATSMICRO_UNIMPLEMENTED},
    {"503", NATSMICRO_UNAVAILABLE},
    {"504", NATSMICRO_DEADLINE_EXCEEDED},
};

#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

const char *natsmicro_status_name(natsmicro_status status)
{
    if ((int)status < 0 || (size_t)status >= N_NAMES)
        return names[NATSMICRO_UNKNOWN];
    return names[status];
}

natsmicro_status natsmicro_status_from_code(const char *code)
{
    if (code == NULL || code[0] == '\0')
        return NATSMICRO_UNKNOWN;
    for (size_t i = 0; i < N_NUMBERS; i++)
        if (strcmp(code, numbers[i].code) == 0)
            return numbers[i].status;
    /* Not OK, END and WOULD_BLOCK: a peer whose error has such a code means one of its own. */
    for (size_t i = NATSMICRO_CANCELLED; i <= NATSMICRO_SERVICE_ERROR; i++)
        if (strcmp(code, names[i]) == 0)
            return (natsmicro_status)i;
    return NATSMICRO_SERVICE_ERROR;
}

const char *nm_status_number(natsmicro_status status)
{
    for (size_t i = 0; i < N_NUMBERS; i++)
        if (numbers[i].status == status)
            return numbers[i].code;
    return natsmicro_status_name(status);
}

const char *natsmicro_version(void)
{
    return NM_VERSION;
}
