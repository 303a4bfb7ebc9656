/*
 * Intercept: runs the chain of a method's interceptors around what a call does, which each function
 * here is given as the chain's end. Callers look first whether the chain has any for that.
 */
#ifndef NM_CALL_INTERCEPT_H
#define NM_CALL_INTERCEPT_H

#include "call/call.h"

/* The ends of chains. */
typedef natsmicro_status (*nm_with_message)(natsmicro_call *call, const ProtobufCMessage *message);
typedef natsmicro_status (*nm_receiving)(natsmicro_call *call, const ProtobufCMessage **message);
typedef natsmicro_status (*nm_calling)(natsmicro_call *call, const ProtobufCMessage *request,
                                       ProtobufCMessage **response);

/* Client. On an error *response is NULL, and the call's error has a text. */
natsmicro_status nm_intercept_call(natsmicro_call *call, const ProtobufCMessage *request,
                                   ProtobufCMessage **response, nm_calling end);
natsmicro_status nm_intercept_open(natsmicro_call *call, const ProtobufCMessage *request,
                                   nm_with_message end);

/* Server. The failure is the call's, and the status is what it has failed with. */
natsmicro_status nm_intercept_handle(natsmicro_call *call, const ProtobufCMessage *request,
                                     nm_with_message end);

natsmicro_status nm_intercept_send(natsmicro_call *call, const ProtobufCMessage *message,
                                   nm_with_message end);
natsmicro_status nm_intercept_recv(natsmicro_call *call, const ProtobufCMessage **message,
                                   nm_receiving end);

/* INTERNAL: an interceptor has passed on a message of another type. Fills the error of a send. */
natsmicro_status nm_check_type(natsmicro_call *call, const nm_form *form,
                               const ProtobufCMessage *message);

#endif
