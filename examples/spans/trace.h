/*
 * Spans of calls, to copy: two interceptors make one for each call of a client or a server, after
 * W3C Trace Context, and print it when the call is over. A program with a tracing library of its
 * own hands them to that instead.
 */
#ifndef TRACE_H
#define TRACE_H

#include <natsmicro/natsmicro.h>

/*
 * For the options of a client: a span of each unary call, below the trace that is in the context's
 * headers, or in a trace of its own.
 */
extern const natsmicro_interceptor trace_of_client;

/*
 * For the options of a server: a span of each call, below the caller's. The calls of a handler are
 * below it if it calls natsmicro_context_follow.
 */
extern const natsmicro_interceptor trace_of_server;

#endif
