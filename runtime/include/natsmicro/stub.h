/*
 * Stub: the tables that generated code fills, and the functions that it calls. It changes together
 * with the plugin: do not use it in code of your own.
 */
#ifndef NATSMICRO_STUB_H
#define NATSMICRO_STUB_H

#include <natsmicro/client.h>
#include <natsmicro/context.h>
#include <natsmicro/server.h>

#include <protobuf-c/protobuf-c.h>

#include <stdarg.h>

/*
 * The version of the tables' layout. Generated code refuses to compile with another one. The
 * library also takes tables that are compiled already: of version 1, which end after n_methods, and
 * of version 2, which end after json.
 */
#define NATSMICRO_STUB_VERSION 3

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
 * Calls the user's handler of one method, which it finds in `handlers`, the service's table.
 * `handle` is the typed call; `request` is NULL where requests are streamed.
 */
typedef natsmicro_status (*natsmicro_stub_dispatch)(natsmicro_call *call, void *handle,
                                                    const void *handlers, const void *request,
                                                    void *user_data);

typedef struct natsmicro_stub_method {
    const char *name;    /* "CountUp" */
    const char *subject; /* "count_up": follows the subject prefix; the endpoint's name */
    natsmicro_method_kind kind;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    natsmicro_stub_dispatch dispatch;
    int64_t timeout_ms;          /* 0: the service's */
    bool queue_group_disabled;   /* set on the endpoint or its service */
    int32_t pending_msg_limit;   /* most calls that wait for a worker; -1: no limit, 0: default */
    int32_t pending_bytes_limit; /* most bytes of their requests; -1: no limit, 0: default */
    int32_t max_inflight;        /* of the `stream` option; 0: default */
    const char *chunk_field;     /* of the `chunked_io` option; NULL: not chunked */
    int32_t default_chunk_size;  /* bytes; 0: 65536 */
    int64_t max_size;            /* bytes that the chunks of a call may bring; 0: no limit */
    const natsmicro_metadata *metadata;
    size_t n_metadata;
} natsmicro_stub_method;

/* A .proto file: a serialized google.protobuf.FileDescriptorProto. */
typedef struct natsmicro_stub_file {
    const uint8_t *bytes;
    size_t length;
} natsmicro_stub_file;

/* ---- stores: the options `kv_store` and `object_store` of unary methods ---- */

typedef enum natsmicro_stub_bucket_kind {
    NATSMICRO_STORE_KV = 1,
    NATSMICRO_STORE_OBJECT = 2
} natsmicro_stub_bucket_kind;

/* How a value is written over another one. */
typedef enum natsmicro_stub_write_mode {
    NATSMICRO_STORE_LAST_WRITE_WINS = 1,
    NATSMICRO_STORE_COMPARE_AND_SET = 2,
    NATSMICRO_STORE_CREATE = 3
} natsmicro_stub_write_mode;

/* A bucket of JetStream. 0 and NULL: the proto does not say. */
typedef struct natsmicro_stub_bucket {
    natsmicro_stub_bucket_kind kind;
    const char *name;
    const char *description;
    int64_t ttl_ns;
    int32_t max_history;
    bool compression;
    int64_t limit_marker_ttl_ns;
    const natsmicro_metadata *metadata;
    size_t n_metadata;
} natsmicro_stub_bucket;

/* A part of a key: a text as it is, or a field of the request. */
typedef struct natsmicro_stub_key_part {
    const char *text; /* of a field: its name in the proto */
    uint32_t field;   /* its number; 0: the text */
} natsmicro_stub_key_part;

/* Where the responses of a method are stored. A method has at most one store of each kind. */
typedef struct natsmicro_stub_store {
    size_t method_index;
    natsmicro_stub_bucket bucket;
    const natsmicro_stub_key_part *key;
    size_t n_key;
    natsmicro_stub_write_mode write_mode; /* of KV */
    bool client_only;                     /* the server stores nothing */
    bool required;                        /* a call whose response cannot be stored fails */
    int64_t key_ttl_ns;
    int64_t purge_ttl_ns;
} natsmicro_stub_store;

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
    /*
     * The service's .proto file and all that it imports, each after its own imports. Those that
     * the library carries are left out.
     */
    const natsmicro_stub_file *files;
    size_t n_files;                     /* 0: generated without descriptors */
    bool json;                          /* messages travel as JSON; needs files */
    const natsmicro_stub_store *stores; /* in the order of their methods, KV first */
    size_t n_stores;
} natsmicro_stub_service;

/*
 * The comments of the typed functions in generated headers (owners, statuses, blocking, threads)
 * hold for the functions below, too. The comments here say only what is not said there. A client, a
 * call or an output may be NULL: then they return INVALID_ARGUMENT.
 */

/* What a typed client or call stands for; NULL for NULL. */
#define NATSMICRO_STUB_BASE(handle) ((handle) != NULL ? (handle)->base : NULL)

/* ---- clients ---- */

/*
 * Makes a client. `service` must outlive it. FAILED_PRECONDITION: the tables have a layout that the
 * library does not know, or say that messages travel as JSON and lack the .proto files for that.
 * *client is NULL unless OK.
 */
natsmicro_status
natsmicro_stub_client_new(natsmicro_client **client, const natsmicro_stub_service *service,
                          natsConnection *connection,
                          const natsmicro_client_options *options) NATSMICRO_MUST_USE;

/*
 * Blocks until no callback can run any more. Open calls end with UNAVAILABLE, and their peers are
 * told; what is left of a call is freed when it is closed. NULL is allowed.
 */
void natsmicro_stub_client_destroy(natsmicro_client *client);

/* Returns the typed client: a struct with the one member `natsmicro_client *base`. */
void *natsmicro_stub_client_handle(natsmicro_client *client);

/* Makes a unary call. Free *response with natsmicro_stub_message_free; it is NULL unless OK. */
natsmicro_status natsmicro_stub_unary(natsmicro_client *client, size_t method_index,
                                      const void *request, natsmicro_context *context,
                                      void **response);

/* Opens a stream. `request` is NULL where requests are streamed. *call is NULL unless OK. */
natsmicro_status natsmicro_stub_open(natsmicro_client *client, size_t method_index,
                                     const void *request, natsmicro_context *context,
                                     natsmicro_call **call) NATSMICRO_MUST_USE;

/* Ends our direction of a bidirectional stream. May block while the end is written. */
natsmicro_status natsmicro_stub_close_send(natsmicro_call *call);

/*
 * Ends a client stream and waits for its response, which is freed as that of a unary call; NULL
 * unless OK. FAILED_PRECONDITION: the response was returned before, or a blob is not complete.
 */
natsmicro_status natsmicro_stub_close_and_recv(natsmicro_call *call,
                                               void **response) NATSMICRO_MUST_USE;

/*
 * Frees a call, and cancels it if it has not ended. Blocks until a send, a recv or a function of
 * chunked.h in another thread has returned. NULL is allowed.
 */
void natsmicro_stub_close(natsmicro_call *call);

/*
 * The stores of a method, by a finished key. A value is a response of the method; *value is freed
 * as a response, and NULL unless OK. The context's timeout bounds them, or the client's; its
 * headers and the client's hooks and interceptors have no part in it.
 */
natsmicro_status natsmicro_stub_kv_get(natsmicro_client *client, size_t method_index,
                                       const char *key, natsmicro_context *context,
                                       void **value) NATSMICRO_MUST_USE;
natsmicro_status natsmicro_stub_kv_put(natsmicro_client *client, size_t method_index,
                                       const char *key, const void *value,
                                       natsmicro_context *context) NATSMICRO_MUST_USE;
natsmicro_status natsmicro_stub_kv_purge(natsmicro_client *client, size_t method_index,
                                         const char *key,
                                         natsmicro_context *context) NATSMICRO_MUST_USE;
natsmicro_status natsmicro_stub_object_get(natsmicro_client *client, size_t method_index,
                                           const char *name, natsmicro_context *context,
                                           void **value) NATSMICRO_MUST_USE;
natsmicro_status natsmicro_stub_object_put(natsmicro_client *client, size_t method_index,
                                           const char *name, const void *value,
                                           natsmicro_context *context) NATSMICRO_MUST_USE;

/*
 * Writes the key that the server stores the response to a request under, of the method's store of
 * that kind. INVALID_ARGUMENT: the request makes no key that can be; RESOURCE_EXHAUSTED: `size`
 * bytes, with the 0 at the end, are too few. Never blocks.
 */
natsmicro_status natsmicro_stub_key(const natsmicro_stub_service *service, size_t method_index,
                                    natsmicro_stub_bucket_kind kind, const void *request, char *key,
                                    size_t size) NATSMICRO_MUST_USE;

/* Frees a response of any type. NULL is allowed. */
void natsmicro_stub_message_free(void *message);

/* ---- servers ---- */

/*
 * Adds a service, which serves from now on. `service`, `handlers` and what `user_data` points to
 * must outlive the server. FAILED_PRECONDITION: the tables are not right, as above, or the server
 * is draining. Makes the buckets that its methods store responses in, unless there is no connection
 * yet; one that cannot be made is an event, and no failure. Blocks until the broker has the
 * subscriptions, at most 1 s, and the buckets, at most 2 s. Any thread, also while the server
 * serves others; but one thread at a time may add services to a server, and none while another
 * destroys it.
 */
natsmicro_status
natsmicro_stub_server_add(natsmicro_server *server, const natsmicro_stub_service *service,
                          const void *handlers, void *user_data,
                          const natsmicro_service_options *options) NATSMICRO_MUST_USE;

/*
 * Answers a call that has one response, which is encoded before this returns. FAILED_PRECONDITION:
 * the call was answered or failed before. Of a method with stores the response is stored before it
 * goes out, which blocks within the call's deadline, or for up to 5 s. INTERNAL: it is not stored,
 * and must be; then the call has failed.
 */
natsmicro_status natsmicro_stub_reply(natsmicro_call *call, const void *response);

/* Fails the call with UNIMPLEMENTED, for a dispatch function whose handler is NULL. */
natsmicro_status natsmicro_stub_unimplemented(natsmicro_call *call);

/*
 * Does what natsmicro_call_fail does, with an error code of the service's own. Returns
 * NATSMICRO_SERVICE_ERROR, or FAILED_PRECONDITION when the call was answered or failed before.
 */
natsmicro_status natsmicro_stub_fail(natsmicro_call *call, const char *code, const char *format,
                                     va_list arguments);

/* ---- both sides ---- */

/* Returns the typed call: a struct with the one member `natsmicro_call *base`. */
void *natsmicro_stub_call_handle(natsmicro_call *call);

/* Sends a message of a stream, which is encoded before this returns. Waits for room at the peer. */
natsmicro_status natsmicro_stub_send(natsmicro_call *call, const void *message) NATSMICRO_MUST_USE;

/* Does the same, but returns WOULD_BLOCK where it would wait for room at the peer. */
natsmicro_status natsmicro_stub_try_send(natsmicro_call *call,
                                         const void *message) NATSMICRO_MUST_USE;

/* Waits for a message. *message lives until the next recv or the call's end; NULL unless OK. */
natsmicro_status natsmicro_stub_recv(natsmicro_call *call, const void **message) NATSMICRO_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
