/*
 * Interceptors: functions around the calls of a client or a server, and around their messages. They
 * are the place for access checks, retries, caches, traces and metrics. A pair of hooks (call.h) is
 * the short form, for what needs no message.
 *
 * Any number of them form a chain. The first one is the outermost: on a client it is the nearest to
 * your code, on a server the nearest to the network. So on both sides requests pass from the first
 * to the last, and responses from the last to the first. A server's own interceptors are outside
 * those of its services.
 *
 * An interceptor is called with the rest of its chain, `next`, which ends with the network (client)
 * or with the handler (server). It runs the rest, and returns what the rest has returned; or it
 * does something else:
 *
 *     static natsmicro_status check(natsmicro_call *call, const ProtobufCMessage *request,
 *                                   natsmicro_next *next, void *user_data)
 *     {
 *         if (!may_call(user_data, natsmicro_call_header(call, "Authorization")))
 *             return natsmicro_call_fail(call, NATSMICRO_UNAUTHENTICATED, "who are you?");
 *         return natsmicro_next_run(next, request);
 *     }
 *
 * Messages are those of protobuf-c, and `message->descriptor` tells their type. An interceptor may
 * pass on another message than it was given, of the same type, that lives until `next` returns.
 *
 * Calls run in many threads, so interceptors do as well. They may use the functions of call.h,
 * except natsmicro_call_detach and natsmicro_call_finish. They must not send, receive or close, and
 * only `handle` may reply.
 */
#ifndef NATSMICRO_INTERCEPTOR_H
#define NATSMICRO_INTERCEPTOR_H

#include <natsmicro/call.h>

#include <protobuf-c/protobuf-c.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The rest of a chain. It lives until the interceptor that was given it returns. */
typedef struct natsmicro_next natsmicro_next;

/*
 * Start from NATSMICRO_INTERCEPTOR_INIT and set what is wanted; a member that is NULL is passed
 * over, and costs nothing. The struct is copied when the client or the server is made, or the
 * service added.
 */
typedef struct natsmicro_interceptor {
    /* The size of this struct; set by the INIT macro, and checked. Do not change it. */
    size_t size;
    /*
     * The only method that it is for: by its name, "CountUp", or its full name,
     * "lab.v1.Lab.CountUp". Default: NULL, all methods.
     */
    const char *method;
    /* Passed to all of its functions. */
    void *user_data;
    /*
     * Client: around a unary call, in the thread that makes it. natsmicro_next_call makes the call,
     * and may be called again, after a failure for example: each time is a call of its own, with
     * the request headers as they are by then, and with response headers of its own.
     *
     * On OK *response must be a response, which becomes the caller's: the one that
     * natsmicro_next_call returned, or one of its own that protobuf_c_message_free_unpacked can
     * free. One that is not passed on is to be freed with that function, with NULL for the
     * allocator. What is left in *response on an error is freed.
     */
    natsmicro_status (*call)(natsmicro_call *call, const ProtobufCMessage *request,
                             ProtobufCMessage **response, natsmicro_next *next, void *user_data);
    /*
     * Client: around the opening of a stream, in the thread that opens it. `request` is NULL where
     * requests are streamed. natsmicro_next_run opens the stream, once; request headers can be set
     * before. An error refuses the call, also after it was opened.
     */
    natsmicro_status (*open)(natsmicro_call *call, const ProtobufCMessage *request,
                             natsmicro_next *next, void *user_data);
    /*
     * Server: around the handler of any kind of method, in its thread. `request` is NULL where
     * requests are streamed. natsmicro_next_run runs the handler. What it returns is OK when the
     * handler has answered or detached the call, or its stream is complete, else the failure:
     * natsmicro_call_error_code, …_message and …_data tell more of it.
     *
     * The caller is told of a failure when the whole chain has returned. Until then an interceptor
     * may put another outcome in its place: by natsmicro_call_fail, by returning another error, by
     * natsmicro_call_reply, or, on a unary call that has not been answered or detached, by running
     * the handler again. An answer cannot be taken back: `send` sees it before it goes.
     *
     * One that does not run the rest answers by natsmicro_call_reply, or fails the call. One that
     * has done neither, and returns OK, fails the call with INTERNAL. END completes a stream of
     * responses without its handler.
     */
    natsmicro_status (*handle)(natsmicro_call *call, const ProtobufCMessage *request,
                               natsmicro_next *next, void *user_data);
    /*
     * Around each message that this side sends on a stream, a chunk of a blob too, and, on a
     * server, around the response of a unary call or client stream. Runs in the thread that sends
     * or replies. Response headers can be set before the first message goes. natsmicro_next_run
     * sends the message. The function that sends returns what this returns, so an error refuses the
     * message, and the call goes on. WOULD_BLOCK comes from try_send; the message comes again when
     * it is tried again.
     */
    natsmicro_status (*send)(natsmicro_call *call, const ProtobufCMessage *message,
                             natsmicro_next *next, void *user_data);
    /*
     * Around the receiving of each message of a stream, in the thread that receives, and of the
     * response of a client stream. natsmicro_next_recv waits for the message; called again, it
     * takes the next one, so that one is passed over. An error that it did not get from there ends
     * the call. Another message put in *message must live until the next one is received.
     */
    natsmicro_status (*recv)(natsmicro_call *call, const ProtobufCMessage **message,
                             natsmicro_next *next, void *user_data);
    /*
     * Runs once after the end of each call, also of one that was refused; as `after` of
     * natsmicro_hooks does.
     */
    void (*after)(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                  void *user_data);
} natsmicro_interceptor;

/* The initializer of natsmicro_interceptor: for all methods, and without functions. */
#define NATSMICRO_INTERCEPTOR_INIT                                                    \
    {                                                                                 \
        sizeof(natsmicro_interceptor), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL \
    }

/*
 * Runs the rest of the chain of `open`, `handle` or `send`, with a message that need not be the one
 * that was given. Returns what the rest returns. FAILED_PRECONDITION: the stream was opened before,
 * or the handler has run and may not run again. INTERNAL: the message is of another type than the
 * method's, or this is not the function for that interceptor.
 */
natsmicro_status natsmicro_next_run(natsmicro_next *next, const ProtobufCMessage *message);

/*
 * Runs the rest of the chain of `call`: makes the call. Returns what the call ended with, and on OK
 * its response in *response, which is yours; else *response is NULL. After it
 * natsmicro_call_header, natsmicro_call_error_message and the like tell of this try.
 */
natsmicro_status natsmicro_next_call(natsmicro_next *next, const ProtobufCMessage *request,
                                     ProtobufCMessage **response);

/* Runs the rest of the chain of `recv`. Returns what recv returns; *message is NULL unless OK. */
natsmicro_status natsmicro_next_recv(natsmicro_next *next, const ProtobufCMessage **message);

/*
 * Bounds each natsmicro_next_call with this `next` from its start, in milliseconds: a part of the
 * call's time, which stays bounded by the caller's deadline. 0, the default: the whole rest of it.
 * Without it, a try that runs out of time leaves none for another.
 */
void natsmicro_next_set_timeout(natsmicro_next *next, int64_t timeout_ms);

/*
 * Server: answers a call that has one response, as the generated `…__reply` does, with a message of
 * the response's type. Returns what that returns; INTERNAL: the message is of another type;
 * FAILED_PRECONDITION: also where responses are streamed.
 */
natsmicro_status natsmicro_call_reply(natsmicro_call *call, const ProtobufCMessage *response);

#ifdef __cplusplus
}
#endif

#endif
