/*
 * Store vars: see store_vars.h.
 */
#include "emit/store_vars.h"

#include "emit/escape.h"
#include "request/pool.h"

/* Whether the key depends on the request. */
static bool has_fields(const gen_key *key)
{
    for (size_t i = 0; i < key->n_parts; i++) {
        if (key->parts[i].field != 0)
            return true;
    }
    return false;
}

static void set_vars(gen_store_vars *vars, const gen_file *file, const gen_service *service,
                     size_t method_index, const gen_store *store)
{
    bool kv = store->bucket.kind == GEN_KV_BUCKET;
    gen_add_comment_text(&vars->key, store->key.text);
    vars->ttl = gen_duration_in_words(store->bucket.ttl_ns);
    vars->key_ttl = gen_duration_in_words(store->key_ttl_ns);
    vars->purge_ttl = gen_duration_in_words(store->purge_ttl_ns);
    gen_method_vars(&vars->all, file, service, method_index);
    gen_add_var(&vars->all, "STORE", kv ? "KV" : "OBJECT");
    gen_add_var(&vars->all, "store", kv ? "kv" : "object_store");
    gen_add_var(&vars->all, "stub", kv ? "kv" : "object");
    gen_add_var(&vars->all, "name", kv ? "key" : "name");
    gen_add_var(&vars->all, "bucket", store->bucket.name);
    gen_add_var(&vars->all, "key", gen_string(&vars->key));
    gen_add_var(&vars->all, "filled", has_fields(&store->key) ? ", filled from the request" : "");
    gen_add_var(&vars->all, "ttl", vars->ttl.text);
    gen_add_var(&vars->all, "key_ttl", vars->key_ttl.text);
    gen_add_var(&vars->all, "purge_ttl", vars->purge_ttl.text);
}

void gen_print_stores(nm_buffer *out, const gen_file *file, const gen_service *service,
                      size_t method_index, gen_print_store print)
{
    const gen_method *method = &service->methods[method_index];
    for (size_t i = 0; i < method->n_stores; i++) {
        gen_store_vars vars = {.key = NM_BUFFER_INIT};
        set_vars(&vars, file, service, method_index, &method->stores[i]);
        print(out, &vars, &method->stores[i]);
        nm_buffer_free(&vars.key);
    }
}

void gen_print_all_stores(nm_buffer *out, const gen_file *file, const gen_service *service,
                          gen_print_store print)
{
    for (size_t i = 0; i < service->n_methods; i++)
        gen_print_stores(out, file, service, i, print);
}
