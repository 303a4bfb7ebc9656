/*
 * Codes: a check and a failing function for each of the built-in codes, as generated code has them
 * for a service's own.
 */
#ifndef NATSMICRO_CODES_H
#define NATSMICRO_CODES_H

#include <natsmicro/call.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Return whether `error_code`, which natsmicro_context_error_code or natsmicro_call_error_code
 * returned, is this one, as its name or as a number that stands for it: see
 * natsmicro_status_from_code. NULL is none. Never block; any thread.
 */
static inline bool natsmicro_is_cancelled(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_CANCELLED;
}

/* NULL and "" have the status UNKNOWN, but are no code. */
static inline bool natsmicro_is_unknown(const char *error_code)
{
    return error_code != NULL && error_code[0] != '\0' &&
           natsmicro_status_from_code(error_code) == NATSMICRO_UNKNOWN;
}

static inline bool natsmicro_is_invalid_argument(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_INVALID_ARGUMENT;
}

static inline bool natsmicro_is_deadline_exceeded(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_DEADLINE_EXCEEDED;
}

static inline bool natsmicro_is_not_found(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_NOT_FOUND;
}

static inline bool natsmicro_is_already_exists(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_ALREADY_EXISTS;
}

static inline bool natsmicro_is_permission_denied(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_PERMISSION_DENIED;
}

static inline bool natsmicro_is_resource_exhausted(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_RESOURCE_EXHAUSTED;
}

static inline bool natsmicro_is_failed_precondition(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_FAILED_PRECONDITION;
}

static inline bool natsmicro_is_aborted(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_ABORTED;
}

static inline bool natsmicro_is_out_of_range(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_OUT_OF_RANGE;
}

static inline bool natsmicro_is_unimplemented(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_UNIMPLEMENTED;
}

static inline bool natsmicro_is_internal(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_INTERNAL;
}

static inline bool natsmicro_is_unavailable(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_UNAVAILABLE;
}

static inline bool natsmicro_is_data_loss(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_DATA_LOSS;
}

static inline bool natsmicro_is_unauthenticated(const char *error_code)
{
    return natsmicro_status_from_code(error_code) == NATSMICRO_UNAUTHENTICATED;
}

/*
 * Do what natsmicro_call_fail does, with this status. Return it, for the handler to return, or
 * FAILED_PRECONDITION: the call was answered or failed before. Never block.
 */
natsmicro_status natsmicro_call_fail_cancelled(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_unknown(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_invalid_argument(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_deadline_exceeded(natsmicro_call *call, const char *format,
                                                       ...) NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_not_found(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_already_exists(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_permission_denied(natsmicro_call *call, const char *format,
                                                       ...) NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_resource_exhausted(natsmicro_call *call, const char *format,
                                                        ...) NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_failed_precondition(natsmicro_call *call, const char *format,
                                                         ...) NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_aborted(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_out_of_range(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_unimplemented(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_internal(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_unavailable(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_data_loss(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);
natsmicro_status natsmicro_call_fail_unauthenticated(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif

#endif
