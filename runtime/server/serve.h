/*
 * Serve: one request, from its bytes to the end of its call.
 */
#ifndef NM_SERVER_SERVE_H
#define NM_SERVER_SERVE_H

#include "server/endpoint.h"

/*
 * Serves a request, on the calling thread, up to the handler's return; the message is owned from
 * now on. One whose time is over never reaches its handler. What was answered is for the caller to
 * flush. True: the call goes on detached, and the pool is told of its end.
 */
bool nm_serve(const nm_pool_request *request);

/*
 * A request has to wait for a worker. If it opens a reliable stream, that is accepted now, and kept
 * alive by the link's threads meanwhile: the request gets the call. False: it was refused, and the
 * message is gone.
 */
bool nm_serve_prepare(nm_pool_request *request);

/*
 * Tells the caller of a request that it is not served, and counts it; the message, and the call if
 * it has one, are owned from now on.
 */
void nm_serve_refuse(const nm_pool_request *request, const nm_error *error);

/*
 * Walks over the live calls of a server, from the latest to the oldest: returns the one after
 * `call` with a reference, and gives back that of `call`. NULL is the beginning and the end. Takes
 * the server's lock.
 */
natsmicro_call *nm_serve_next_call(natsmicro_server *server, natsmicro_call *call);

#endif
