/*
 * Descriptors: see descriptors.h. protoc lists each file after its imports, and that order stays.
 */
#include "model/descriptors.h"

#include <inttypes.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/*
 * 128 bits, so that two contents of one name need not be feared: the linker, which sees the files
 * of all runs of the plugin, would drop one of them.
 */
static const char *name_of_content(gen_pool *pool, nm_cursor bytes)
{
    XXH128_hash_t hash = XXH3_128bits(bytes.at, nm_cursor_left(&bytes));
    return gen_pool_format(pool, "natsmicro_file_%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
                           (uint64_t)hash.low64);
}

const gen_descriptor *gen_read_descriptors(gen_pool *pool, const gen_sources *sources,
                                           const nm_buffer *request, gen_source_info kept)
{
    const nm_cursor *raw = gen_raw_files(pool, request, sources->count);
    gen_descriptor *all = gen_pool_alloc(pool, sources->count, sizeof(gen_descriptor));
    for (size_t i = 0; i < sources->count; i++) {
        const nm_cursor bytes = gen_raw_strip(pool, raw[i], kept);
        all[i] = (gen_descriptor){.proto = sources->items[i].proto->name,
                                  .symbol = name_of_content(pool, bytes),
                                  .bytes = bytes.at,
                                  .length = nm_cursor_left(&bytes)};
    }
    return all;
}

/* ---- what is embedded ---- */

static bool is_carried(const char *name)
{
    static const char *const carried[] = {
#include "carried_names.inc"
    };
    for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++) {
        if (strcmp(carried[i], name) == 0)
            return true;
    }
    return false;
}

/* Files of the request, by their indices. */
typedef struct gen_marked {
    bool *is_marked;
    size_t *indices; /* in the order in which they were marked */
    size_t count;
} gen_marked;

static void mark(gen_marked *marked, size_t index)
{
    if (marked->is_marked[index])
        return;
    marked->is_marked[index] = true;
    marked->indices[marked->count++] = index;
}

static bool mark_imports(gen_context *context, const gen_sources *sources,
                         const gen_source *importing, gen_marked *marked)
{
    const gen_file_proto *proto = importing->proto;
    const gen_place place = {proto->name, 0, NULL, NULL};
    for (size_t i = 0; i < proto->n_dependency; i++) {
        const char *name = proto->dependency[i];
        if (is_carried(name))
            continue;
        const gen_source *imported = gen_find_source(sources, name);
        if (imported == NULL)
            return gen_fail(context, &place,
                            "the request has no file %s, which it imports (run the plugin with "
                            "protoc)",
                            name);
        mark(marked, (size_t)(imported - sources->items));
    }
    return true;
}

bool gen_embed_descriptors(gen_context *context, const gen_sources *sources,
                           const gen_descriptor *all, const gen_source *source, gen_file *file)
{
    gen_pool *pool = context->pool;
    gen_marked marked = {gen_pool_alloc(pool, sources->count, sizeof(bool)),
                         gen_pool_alloc(pool, sources->count, sizeof(size_t)), 0};
    const size_t own = (size_t)(source - sources->items);
    mark(&marked, own);
    for (size_t i = 0; i < marked.count; i++) {
        if (!mark_imports(context, sources, &sources->items[marked.indices[i]], &marked))
            return false;
    }
    gen_descriptor *descriptors = gen_pool_alloc(pool, marked.count, sizeof(gen_descriptor));
    for (size_t i = 0; i < sources->count; i++) {
        if (marked.is_marked[i] && i != own)
            descriptors[file->n_descriptors++] = all[i];
    }
    descriptors[file->n_descriptors++] = all[own];
    file->descriptors = descriptors;
    return true;
}
