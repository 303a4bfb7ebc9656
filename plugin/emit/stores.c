/*
 * Stores: see stores.h. Key-value buckets and object stores share what they can.
 */
#include "emit/stores.h"

#include "emit/store_vars.h"
#include "request/pool.h"

/* Prints what was put together as one template, so that its paragraphs are filled as a whole. */
static void print(nm_buffer *out, const gen_store_vars *vars, nm_buffer *template)
{
    gen_print(out, vars->all.vars, gen_string(template));
    nm_buffer_free(template);
}

static bool is_kv(const gen_store *store)
{
    return store->bucket.kind == GEN_KV_BUCKET;
}

/* ---- header ---- */

/* Where the responses are, and under which key. */
static const char *const places[] = {
    [GEN_KV_BUCKET] = "the key-value bucket \"$bucket$\" of JetStream",
    [GEN_OBJECT_BUCKET] = "the bucket \"$bucket$\" of JetStream's object store",
};
static const char *const names[] = {
    [GEN_KV_BUCKET] = " * under the key \"$key$\"$filled$.",
    [GEN_OBJECT_BUCKET] = " * as the object \"$key$\"$filled$.",
};

static const char common[] =
    " *\n"
    " * They ask the broker and not the service, and block until it has answered, at most for the\n"
    " * timeout of the context or the client. `context` may be NULL; its headers, and hooks and\n"
    " * interceptors of the client, have no part in it. What you pass in stays yours. Any number of\n"
    " * threads.\n"
    " *\n"
    " * Any status but OK is an error, and the context has its code and text. Among the errors are\n"
    " * INVALID_ARGUMENT: no such $name$ can be; FAILED_PRECONDITION: the broker has no JetStream or no\n"
    " * such bucket, or is too old for it; PERMISSION_DENIED: the broker does not let this user do it;\n"
    " * UNAVAILABLE: the connection is closed; DEADLINE_EXCEEDED.\n"
    " */\n"
    "\n";

static void print_head(nm_buffer *out, const gen_store_vars *vars, const gen_store *store)
{
    nm_buffer text = NM_BUFFER_INIT;
    nm_buffer_append_format(&text, "/*\n * The functions below are for %s,\n",
                            places[store->bucket.kind]);
    if (store->client_only)
        nm_buffer_append_format(&text,
                                " * for responses of $method$. The service neither makes it nor "
                                "stores anything there. A response belongs there\n%s",
                                names[store->bucket.kind]);
    else
        nm_buffer_append_format(&text, " * where the service stores each response of $method$\n%s",
                                names[store->bucket.kind]);
    if (store->bucket.ttl_ns != 0)
        nm_buffer_append_string(&text, " What is stored there expires after $ttl$.");
    nm_buffer_append_string(&text, "\n");
    nm_buffer_append_string(&text, common);
    print(out, vars, &text);
}

static const char get_kv_comment[] =
    "/*\n"
    " * Gets the value of a key. On OK *response is yours; free it with $m$__free. NOT_FOUND: the key\n"
    " * has none, or its value was deleted or purged, or has expired. INTERNAL: the value is no message\n"
    " * of this type. *response is NULL unless OK.\n"
    " */\n";

static const char get_object_comment[] =
    "/*\n"
    " * Gets an object. On OK *response is yours; free it with $m$__free. NOT_FOUND: there is none of\n"
    " * this name. DATA_LOSS: its bytes do not have the size or the digest that was stored with them.\n"
    " * INTERNAL: it is no message of this type. *response is NULL unless OK.\n"
    " */\n";

static const char get[] =
    "natsmicro_status $client$__$m$__get_from_$store$($Client$ *client, const char *$name$, "
    "natsmicro_context *context, $Response$ **response)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static const char put_errors[] =
    " *\n"
    " * Among the errors are also INVALID_ARGUMENT: a string is not UTF-8; RESOURCE_EXHAUSTED: the value\n"
    " * is too large, or the bucket is full. After DEADLINE_EXCEEDED it may have been stored.\n"
    " */\n";

static const char put[] =
    "natsmicro_status $client$__$m$__put_to_$store$($Client$ *client, const char *$name$, "
    "const $Response$ *value, natsmicro_context *context)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static const char put_object_comment[] =
    "/*\n"
    " * Stores an object, in place of the one that has this name. Who gets it meanwhile gets one of the\n"
    " * two, whole.\n";

static const char *const put_kv_comments[] = {
    [GEN_LAST_WRITE_WINS] =
        "/*\n"
        " * Stores a value under a key, whatever is there. Of several writes the "
        "one that reaches the broker last wins.\n",
    [GEN_COMPARE_AND_SET] = "/*\n"
                            " * Stores a value under a key, in place of the one that is there when "
                            "this is called. ABORTED: that has been changed meanwhile, and nothing "
                            "is stored.\n",
    [GEN_CREATE_ONLY] = "/*\n"
                        " * Stores a value under a key that has none. ALREADY_EXISTS: it has one, "
                        "and nothing is stored.\n",
};

static void print_put_kv(nm_buffer *out, const gen_store_vars *vars, const gen_store *store)
{
    nm_buffer text = NM_BUFFER_INIT;
    nm_buffer_append_string(&text, put_kv_comments[store->write_mode]);
    if (store->key_ttl_ns != 0 && store->write_mode == GEN_CREATE_ONLY)
        nm_buffer_append_string(&text, " *\n * The value expires after $key_ttl$.\n");
    else if (store->key_ttl_ns != 0)
        nm_buffer_append_string(&text,
                                " *\n * A value that creates its key expires after $key_ttl$. One "
                                "that takes the place of another does not: it no longer expires "
                                "by itself.\n");
    nm_buffer_append_string(&text, put_errors);
    nm_buffer_append_string(&text, put);
    print(out, vars, &text);
}

static void print_purge(nm_buffer *out, const gen_store_vars *vars, const gen_store *store)
{
    nm_buffer text = NM_BUFFER_INIT;
    nm_buffer_append_string(&text,
                            "/*\n * Removes all values of a key; OK, too, where it has none. The "
                            "broker keeps a marker in their place");
    if (store->purge_ttl_ns != 0)
        nm_buffer_append_string(&text, " for $purge_ttl$");
    nm_buffer_append_string(
        &text, ".\n */\n"
               "natsmicro_status $client$__$m$__purge_from_kv($Client$ *client, const char *key, "
               "natsmicro_context *context)\n"
               "    NATSMICRO_MUST_USE;\n"
               "\n");
    print(out, vars, &text);
}

static const char make_key[] =
    "/*\n"
    " * Writes the $name$ of a response, \"$key$\"$filled$, into `$name$`, which has room for `size` bytes;\n"
    " * NATSMICRO_KEY_SIZE are always enough. Never blocks; any thread.\n"
    " *\n"
    " * Returns OK; INVALID_ARGUMENT: the request makes no $name$ that can be; RESOURCE_EXHAUSTED: there is\n"
    " * too little room. natsmicro_last_error has the reason.\n"
    " */\n"
    "natsmicro_status $client$__$m$__$store$_key(const $Request$ *request, char *$name$, "
    "size_t size)\n"
    "    NATSMICRO_MUST_USE;\n"
    "\n";

static void print_header(nm_buffer *out, const gen_store_vars *vars, const gen_store *store)
{
    bool kv = is_kv(store);
    print_head(out, vars, store);
    gen_print(out, vars->all.vars, kv ? get_kv_comment : get_object_comment);
    gen_print(out, vars->all.vars, get);
    if (kv) {
        print_put_kv(out, vars, store);
        print_purge(out, vars, store);
    } else {
        gen_print(out, vars->all.vars, put_object_comment);
        gen_print(out, vars->all.vars, put_errors);
        gen_print(out, vars->all.vars, put);
    }
    gen_print(out, vars->all.vars, make_key);
}

void gen_emit_stores_header(nm_buffer *out, const gen_file *file, const gen_service *service,
                            size_t method_index)
{
    gen_print_stores(out, file, service, method_index, print_header);
}

/* ---- comments on the server ---- */

static const char *const reply_places[] = {
    [GEN_KV_BUCKET] = "in the key-value bucket \"$bucket$\"",
    [GEN_OBJECT_BUCKET] = "in the bucket \"$bucket$\" of the object store",
};
static const char *const reply_modes[] = {
    [GEN_LAST_WRITE_WINS] = ", whatever is there",
    [GEN_COMPARE_AND_SET] = ", unless what is there is changed meanwhile",
    [GEN_CREATE_ONLY] = ", unless something is there",
};

static void print_reply(nm_buffer *out, const gen_store_vars *vars, const gen_store *store)
{
    bool kv = is_kv(store);
    nm_buffer text = NM_BUFFER_INIT;
    if (store->client_only)
        return;
    nm_buffer_append_format(&text, " *\n * Before it goes out, the response is stored %s\n",
                            reply_places[store->bucket.kind]);
    nm_buffer_append_format(&text, " * %s \"$key$\"$filled$%s.", kv ? "under the key" : "as",
                            kv ? reply_modes[store->write_mode] : "");
    if (store->key_ttl_ns != 0)
        nm_buffer_append_format(&text, " It expires after $key_ttl$%s.",
                                store->write_mode == GEN_CREATE_ONLY
                                    ? ""
                                    : " if it creates the key, and no longer does if it takes the "
                                      "place of another value");
    nm_buffer_append_string(
        &text,
        store->required
            ? " That may take until the deadline of the call. If it fails, the caller gets "
              "INTERNAL in place of the response, and this returns that.\n"
            : " That takes at most half of the time that the call has left. If it fails, the "
              "response goes out all the same, and on_error of the server's options hears of "
              "it (STORE_FAILED).\n");
    print(out, vars, &text);
}

void gen_emit_reply_stores(nm_buffer *out, const gen_file *file, const gen_service *service,
                           size_t method_index)
{
    gen_print_stores(out, file, service, method_index, print_reply);
}

static bool makes_buckets(const gen_service *service)
{
    for (size_t i = 0; i < service->n_methods; i++) {
        const gen_method *method = &service->methods[i];
        for (size_t k = 0; k < method->n_stores; k++) {
            if (!method->stores[k].client_only)
                return true;
        }
    }
    return false;
}

void gen_emit_add_stores(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    if (!makes_buckets(service))
        return;
    gen_vars vars;
    gen_service_vars(&vars, file, service);
    gen_print(
        out, vars.vars,
        " *\n"
        " * Then makes the buckets of JetStream that responses are stored in, where they are\n"
        " * missing, and sets in the others what the options of the methods name. That blocks for 2 s\n"
        " * more at most. If it fails, on_error hears of it (STORE_FAILED), and the service serves all\n"
        " * the same.\n");
}

/* ---- source ---- */

static const char define_get_and_put[] =
    "natsmicro_status $client$__$m$__get_from_$store$($Client$ *client, const char *$name$, "
    "natsmicro_context *context, $Response$ **response)\n"
    "{\n"
    "    void *message = NULL;\n"
    "    natsmicro_status status = natsmicro_stub_$stub$_get(NATSMICRO_STUB_BASE(client), $index$, "
    "$name$, context, response != NULL ? &message : NULL);\n"
    "    if (response != NULL)\n"
    "        *response = message;\n"
    "    return status;\n"
    "}\n"
    "\n"
    "natsmicro_status $client$__$m$__put_to_$store$($Client$ *client, const char *$name$, "
    "const $Response$ *value, natsmicro_context *context)\n"
    "{\n"
    "    return natsmicro_stub_$stub$_put(NATSMICRO_STUB_BASE(client), $index$, $name$, value, "
    "context);\n"
    "}\n"
    "\n";

static const char define_purge[] =
    "natsmicro_status $client$__$m$__purge_from_kv($Client$ *client, const char *key, "
    "natsmicro_context *context)\n"
    "{\n"
    "    return natsmicro_stub_kv_purge(NATSMICRO_STUB_BASE(client), $index$, key, context);\n"
    "}\n"
    "\n";

static const char define_key[] =
    "natsmicro_status $client$__$m$__$store$_key(const $Request$ *request, char *$name$, "
    "size_t size)\n"
    "{\n"
    "    return natsmicro_stub_key(&service_$Server$, $index$, NATSMICRO_STORE_$STORE$, request, "
    "$name$, size);\n"
    "}\n"
    "\n";

static void print_source(nm_buffer *out, const gen_store_vars *vars, const gen_store *store)
{
    gen_print(out, vars->all.vars, define_get_and_put);
    if (is_kv(store))
        gen_print(out, vars->all.vars, define_purge);
    gen_print(out, vars->all.vars, define_key);
}

void gen_emit_stores_source(nm_buffer *out, const gen_file *file, const gen_service *service,
                            size_t method_index)
{
    gen_print_stores(out, file, service, method_index, print_source);
}
