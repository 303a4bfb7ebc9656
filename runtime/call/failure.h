/*
 * Failure: what a handler has failed with, and when something else may take its place.
 *
 * The first failure counts, and none after an answer. But the caller is told of it only when the
 * whole chain of interceptors has returned, so each of them may replace what the ones inside it
 * have failed with. An end from outside (a drain, a deadline) tells the caller, and is final.
 */
#ifndef NM_CALL_FAILURE_H
#define NM_CALL_FAILURE_H

#include "call/call.h"

/* Under the call's lock: whether the call has failed for good, as far as this thread may say. */
static inline bool nm_call_has_failed(const natsmicro_call *call)
{
    return call->failure.status != NATSMICRO_OK && (!call->replaceable || call->told);
}

/* Under the call's lock: turns a handler's return into the call's failure, where it is one. */
void nm_call_judge_return(natsmicro_call *call, natsmicro_status returned, natsmicro_status aborted,
                          const nm_error *ended);

/* natsmicro_call_fail. */
natsmicro_status nm_call_vfail(natsmicro_call *call, natsmicro_status status, const char *format,
                               va_list arguments) NATSMICRO_PRINTF(3, 0);

/*
 * The handler of a call that has interceptors is about to run, inside all of them. False: it has
 * run, and may not run again.
 */
bool nm_call_enter_handler(natsmicro_call *call);

/* An interceptor is about to run, inside so many others. */
void nm_call_enter_interceptor(natsmicro_call *call, size_t outside);

/*
 * The handler, or an interceptor, has returned to the interceptor outside it. Returns what the call
 * has failed with: the failure may be replaced from now on. OK: it has not failed, or goes on
 * detached.
 */
natsmicro_status nm_call_leave_interceptor(natsmicro_call *call, natsmicro_status returned,
                                           size_t outside);

#endif
