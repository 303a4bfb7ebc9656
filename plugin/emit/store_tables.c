/*
 * Store tables: see store_tables.h. Their names follow the rule in source.c.
 */
#include "emit/store_tables.h"

#include "emit/escape.h"
#include "emit/members.h"
#include "emit/store_vars.h"

#include <inttypes.h>

static void print_key(nm_buffer *out, const gen_store_vars *vars, const gen_key *key)
{
    gen_print(out, vars->all.vars,
              "static const natsmicro_stub_key_part $stub$_key_of_$Server$__$Method$[] = {\n");
    for (size_t i = 0; i < key->n_parts; i++) {
        nm_buffer_append_string(out, "    {");
        gen_add_literal(out, key->parts[i].text);
        nm_buffer_append_format(out, ", %" PRIu32 "},\n", key->parts[i].field);
    }
    nm_buffer_append_string(out, "};\n\n");
}

/* A duration in nanoseconds, which nobody can read, and in words. */
static void add_duration_member(nm_buffer *out, const char *indent, const char *name, int64_t ns)
{
    if (ns == 0)
        return;
    gen_add_number_member(out, indent, name, ns);
    out->length--; /* the end of the line */
    nm_buffer_append_format(out, " /* %s */\n", gen_duration_in_words(ns).text);
}

static void print_bucket(nm_buffer *out, const gen_store_vars *vars, const gen_bucket *bucket)
{
    const char *indent = "                ";
    gen_print(out, vars->all.vars,
              "        .bucket =\n"
              "            {\n"
              "                .kind = NATSMICRO_STORE_$STORE$,\n");
    gen_add_string_member(out, indent, ".name", bucket->name);
    if (bucket->description != NULL)
        gen_add_string_member(out, indent, ".description", bucket->description);
    add_duration_member(out, indent, ".ttl_ns", bucket->ttl_ns);
    gen_add_number_member(out, indent, ".max_history", bucket->max_history);
    if (bucket->compression)
        nm_buffer_append_format(out, "%s.compression = true,\n", indent);
    add_duration_member(out, indent, ".limit_marker_ttl_ns", bucket->limit_marker_ttl_ns);
    if (bucket->metadata.count != 0)
        gen_print(out, vars->all.vars,
                  "                .metadata = metadata_of_$stub$_$Server$__$Method$,\n");
    gen_add_number_member(out, indent, ".n_metadata", (int64_t)bucket->metadata.count);
    nm_buffer_append_string(out, "            },\n");
}

static void print_entry(nm_buffer *out, const gen_store_vars *vars, const gen_store *store)
{
    static const char *const modes[] = {
        [GEN_LAST_WRITE_WINS] = "        .write_mode = NATSMICRO_STORE_LAST_WRITE_WINS,\n",
        [GEN_COMPARE_AND_SET] = "        .write_mode = NATSMICRO_STORE_COMPARE_AND_SET,\n",
        [GEN_CREATE_ONLY] = "        .write_mode = NATSMICRO_STORE_CREATE,\n",
    };
    const char *indent = "        ";
    gen_print(out, vars->all.vars,
              "    {\n"
              "        .method_index = $index$,\n");
    print_bucket(out, vars, &store->bucket);
    gen_print(out, vars->all.vars, "        .key = $stub$_key_of_$Server$__$Method$,\n");
    gen_add_number_member(out, indent, ".n_key", (int64_t)store->key.n_parts);
    if (store->bucket.kind == GEN_KV_BUCKET)
        nm_buffer_append_string(out, modes[store->write_mode]);
    if (store->client_only)
        nm_buffer_append_string(out, "        .client_only = true,\n");
    if (store->required)
        nm_buffer_append_string(out, "        .required = true,\n");
    add_duration_member(out, indent, ".key_ttl_ns", store->key_ttl_ns);
    add_duration_member(out, indent, ".purge_ttl_ns", store->purge_ttl_ns);
    nm_buffer_append_string(out, "    },\n");
}

static void print_parts(nm_buffer *out, const gen_store_vars *vars, const gen_store *store)
{
    gen_print_metadata(out, vars->all.vars,
                       "static const natsmicro_metadata metadata_of_$stub$_$Server$__$Method$[]",
                       &store->bucket.metadata);
    print_key(out, vars, &store->key);
}

size_t gen_count_stores(const gen_service *service)
{
    size_t count = 0;
    for (size_t i = 0; i < service->n_methods; i++)
        count += service->methods[i].n_stores;
    return count;
}

void gen_emit_store_tables(nm_buffer *out, const gen_file *file, const gen_service *service)
{
    if (gen_count_stores(service) == 0)
        return;
    gen_print_all_stores(out, file, service, print_parts);
    gen_vars vars;
    gen_service_vars(&vars, file, service);
    gen_print(out, vars.vars, "static const natsmicro_stub_store stores_$Server$[] = {\n");
    gen_print_all_stores(out, file, service, print_entry);
    nm_buffer_append_string(out, "};\n\n");
}
