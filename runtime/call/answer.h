/*
 * Answer: the server's half of a call: replying, failing, detaching, and what a handler's return
 * means.
 */
#ifndef NM_CALL_ANSWER_H
#define NM_CALL_ANSWER_H

#include "call/call.h"

/*
 * The handler has returned. False: the call goes on detached. True: it has ended on the wire, and
 * *outcome is what it ended with, for statistics and hooks; clear it.
 */
bool nm_call_return(natsmicro_call *call, natsmicro_status returned, nm_error *outcome);

/* The same for a detached call that is finished. False: it is not detached. */
bool nm_call_finish(natsmicro_call *call, natsmicro_status status, nm_error *outcome);

/*
 * Ends a call whose handler may still run: its send and recv return `status`, the caller is told.
 */
void nm_call_end_from_outside(natsmicro_call *call, natsmicro_status status, const char *text);

#endif
