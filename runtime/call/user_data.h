/*
 * User data: what interceptors attach to a call for its handler and for each other.
 */
#ifndef NM_CALL_USER_DATA_H
#define NM_CALL_USER_DATA_H

#include "call/call.h"

/* The call is over: frees what users have attached. Runs their functions. */
void nm_call_free_user_data(natsmicro_call *call);

#endif
