/*
 * Persist: stores the response of a server's call where its method's options say so, before it goes
 * out.
 *
 * The call's deadline bounds it, or the time in which a caller with the default timeout waits. A
 * store that is required gives up a little earlier, so that the caller is told; any other one takes
 * at most half of the time that is left, so that the response comes in time whatever JetStream
 * does.
 */
#ifndef NM_CALL_PERSIST_H
#define NM_CALL_PERSIST_H

#include "call/call.h"

/*
 * Stores the encoded response of a call whose method has stores. OK: it may go out; events have
 * told what was not stored. INTERNAL: it is not stored, and must be. Blocks.
 */
natsmicro_status nm_persist(natsmicro_call *call, nm_bytes response, nm_error *error);

#endif
