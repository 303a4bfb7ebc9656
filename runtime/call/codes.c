/*
 * See natsmicro/codes.h.
 */
#include "natsmicro/codes.h"
#include "call/failure.h"

#include <stdarg.h>

#define FAILING_FUNCTION(name, status)                                                         \
    natsmicro_status natsmicro_call_fail_##name(natsmicro_call *call, const char *format, ...) \
    {                                                                                          \
        va_list arguments;                                                                     \
        va_start(arguments, format);                                                           \
        natsmicro_status failed = nm_call_vfail(call, NATSMICRO_##status, format, arguments);  \
        va_end(arguments);                                                                     \
        return failed;                                                                         \
    }

FAILING_FUNCTION(cancelled, CANCELLED)
FAILING_FUNCTION(unknown, UNKNOWN)
FAILING_FUNCTION(invalid_argument, INVALID_ARGUMENT)
FAILING_FUNCTION(deadline_exceeded, DEADLINE_EXCEEDED)
FAILING_FUNCTION(not_found, NOT_FOUND)
FAILING_FUNCTION(already_exists, ALREADY_EXISTS)
FAILING_FUNCTION(permission_denied, PERMISSION_DENIED)
FAILING_FUNCTION(resource_exhausted, RESOURCE_EXHAUSTED)
FAILING_FUNCTION(failed_precondition, FAILED_PRECONDITION)
FAILING_FUNCTION(aborted, ABORTED)
FAILING_FUNCTION(out_of_range, OUT_OF_RANGE)
FAILING_FUNCTION(unimplemented, UNIMPLEMENTED)
FAILING_FUNCTION(internal, INTERNAL)
FAILING_FUNCTION(unavailable, UNAVAILABLE)
FAILING_FUNCTION(data_loss, DATA_LOSS)
FAILING_FUNCTION(unauthenticated, UNAUTHENTICATED)
