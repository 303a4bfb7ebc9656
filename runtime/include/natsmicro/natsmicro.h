/*
 * natsmicro: typed services on NATS, in C. Generated headers include this one, and it includes all
 * headers that a user needs. Read them in this order:
 *
 *     status.h    what every function returns
 *     server.h    natsmicro_server: runs the handlers of the services that are added to it
 *     client.h    what a generated client is made with
 *     context.h   natsmicro_context: what a caller sets before a call and reads after it
 *     call.h      natsmicro_call: one call in progress, on either side; hooks and events
 *     codes.h     a check and a failing function for each built-in code
 *     interceptor.h   functions around calls and messages
 *     chunked.h   blobs and files over calls
 *
 * What holds for all of them:
 *
 * - A handle (client, call, context, server, blob writer or reader) or an output that is NULL is no
 *   crash: a function that returns a status returns INVALID_ARGUMENT, and natsmicro_last_error says
 *   which; others do nothing, and return NULL, "", false or 0.
 * - Unless a comment says otherwise, any other pointer argument must not be NULL, a string is
 *   NUL-terminated UTF-8, and memory that you pass in is yours and is not used after the function
 *   has returned.
 * - "Never blocks" means: no wait for the broker, for the peer or for a handler. A lock that is
 *   held for a moment may be taken.
 * - The library prints nothing unless a log is asked for (natsmicro_log_level), ends no process
 *   and changes no signal handler. It has no global state, but a last error of each thread.
 */
#ifndef NATSMICRO_H
#define NATSMICRO_H

#include <natsmicro/call.h>
#include <natsmicro/chunked.h>
#include <natsmicro/client.h>
#include <natsmicro/codes.h>
#include <natsmicro/context.h>
#include <natsmicro/interceptor.h>
#include <natsmicro/server.h>
#include <natsmicro/status.h>

#endif
