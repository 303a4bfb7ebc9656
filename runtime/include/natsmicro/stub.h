/*
 * What generated code is made of: constant tables, and the few functions that its typed ones call.
 * Not for use by hand; it changes together with the plugin.
 */
#ifndef NATSMICRO_STUB_H
#define NATSMICRO_STUB_H

#include <natsmicro/client.h>
#include <natsmicro/context.h>
#include <natsmicro/server.h>

#include <protobuf-c/protobuf-c.h>

#include <stdarg.h>

/* The tables' layout. The plugin writes a check of it into what it generates. */
#define NATSMICRO_STUB_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

typedef enum natsmicro_method_kind {
    NATSMICRO_UNARY = 0,
    NATSMICRO_SERVER_STREAM = 1,
    NATSMICRO_CLIENT_STREAM = 2,
    NATSMICRO_BIDI_STREAM = 3
} natsmicro_method_kind;

/*
 * Runs the user's handler of one method out of the service's handlers table. `handle` is the typed
 * call; `request` is NULL where requests are streamed.
 */
typedef natsmicro_status (*natsmicro_stub_dispatch)(natsmicro_call *call, void *handle,
                                                    const void *handlers, const void *request,
                                                    void *user_data);

typedef struct natsmicro_stub_method {
    const char *name;    /* "CountUp" */
    const char *subject; /* "count_up": behind the service's subject prefix; the endpoint's name */
    natsmicro_method_kind kind;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    natsmicro_stub_dispatch dispatch;
    int64_t timeout_ms;          /* 0: the service's */
    bool queue_group_disabled;   /* of the endpoint or its service */
    int32_t pending_msg_limit;   /* of the waiting calls; -1 none, 0 default */
    int32_t pending_bytes_limit; /* the same in bytes */
    int32_t max_inflight;        /* of the `stream` option; 0 default */
    const char *chunk_field;     /* of the `chunked_io` option; NULL: not chunked */
    int32_t default_chunk_size;  /* bytes; 0: 65536 */
    const natsmicro_metadata *metadata;
    size_t n_metadata;
} natsmicro_stub_method;

typedef struct natsmicro_stub_service {
    int stub_version;           /* NATSMICRO_STUB_VERSION */
    const char *full_name;      /* "lab.v1.Lab" */
    const char *subject_prefix; /* "lab.v1" */
    const char *name;
    const char *version;
    const char *description;
    int64_t timeout_ms; /* 0: 5000 */
    const natsmicro_metadata *metadata;
    size_t n_metadata;
    const natsmicro_stub_method *methods;
    size_t n_methods;
} natsmicro_stub_service;

/*
 * What the typed functions say of themselves in generated headers (units, owners, statuses,
 * blocking, threads) holds for those that they call here. Said here is what they add to it.
 */

/* ---- clients ---- */

/*
 * `service` must outlive the client. FAILED_PRECONDITION: the stub was generated for another
 * version of the library. *client is NULL unless OK.
 */
natsmicro_status natsmicro_stub_client_new(natsmicro_client **client,
                                           const natsmicro_stub_service *service,
                                           natsConnection *connection,
                                           const natsmicro_client_options *options);

/*
 * Blocks until no callback can run any more. Calls that are open end with UNAVAILABLE and are told
 * to their peers; what is left of them is freed when they are closed. NULL is allowed.
 */
void natsmicro_stub_client_destroy(natsmicro_client *client);

/* The typed client: a struct with the one member `natsmicro_client *base`. */
void *natsmicro_stub_client_handle(natsmicro_client *client);

/* A unary call. *response is owned, freed with natsmicro_stub_message_free; NULL unless OK. */
natsmicro_status natsmicro_stub_unary(natsmicro_client *client, size_t method_index,
                                      const void *request, natsmicro_context *context,
                                      void **response);

/* Opens a stream. `request` is NULL where requests are streamed. *call is NULL unless OK. */
natsmicro_status natsmicro_stub_open(natsmicro_client *client, size_t method_index,
                                     const void *request, natsmicro_context *context,
                                     natsmicro_call **call);

/* Ends the own direction of a bidirectional stream. May block while it is written. */
natsmicro_status natsmicro_stub_close_send(natsmicro_call *call);

/*
 * Ends a client stream and waits for its response, owned as a unary call's; NULL unless OK.
 * FAILED_PRECONDITION: it was given out before, or a blob is not ended.
 */
natsmicro_status natsmicro_stub_close_and_recv(natsmicro_call *call, void **response);

/*
 * Frees a call; before its end that cancels it. NULL is allowed. Waits for a send or recv
 * elsewhere.
 */
void natsmicro_stub_close(natsmicro_call *call);

/* Frees a response, whatever its type. NULL is allowed. */
void natsmicro_stub_message_free(void *message);

/* ---- servers ---- */

/*
 * Serves from now on, until the server's end; `service`, `handlers` and what `user_data` points to
 * must outlive it. FAILED_PRECONDITION: the stub is another version's, or the server is draining.
 */
natsmicro_status natsmicro_stub_server_add(natsmicro_server *server,
                                           const natsmicro_stub_service *service,
                                           const void *handlers, void *user_data,
                                           const natsmicro_service_options *options);

/*
 * Answers; the response is encoded before it returns. FAILED_PRECONDITION: answered or failed
 * before; else what the call ended with.
 */
natsmicro_status natsmicro_stub_reply(natsmicro_call *call, const void *response);

/* What a dispatch returns where there is no handler: fails the call with UNIMPLEMENTED. */
natsmicro_status natsmicro_stub_unimplemented(natsmicro_call *call);

/* natsmicro_call_fail with a code of the service's own; returns NATSMICRO_SERVICE_ERROR. */
natsmicro_status natsmicro_stub_fail(natsmicro_call *call, const char *code, const char *format,
                                     va_list arguments);

/* ---- both ---- */

/* The typed call: a struct with the one member `natsmicro_call *base`. */
void *natsmicro_stub_call_handle(natsmicro_call *call);

/* Sends a message of a stream, encoded before it returns. Waits for the peer's room. */
natsmicro_status natsmicro_stub_send(natsmicro_call *call, const void *message);

/* The same; WOULD_BLOCK where it would wait for the peer's room. */
natsmicro_status natsmicro_stub_try_send(natsmicro_call *call, const void *message);

/* *message is borrowed until the next recv or the call's end; NULL unless OK. */
natsmicro_status natsmicro_stub_recv(natsmicro_call *call, const void **message);

#ifdef __cplusplus
}
#endif

#endif
