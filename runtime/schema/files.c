/*
 * Files: see files.h. A file's name is looked for in its bytes before the rest is read, so that the
 * same file twice is read once.
 */
#include "schema/files.h"

#include "base/utf8.h"
#include "codec/item.h"
#include "schema/carried.h"
#include "schema/limits.h"
#include "schema/names.h"
#include "schema/read.h"

#include <stdlib.h>
#include <string.h>

#define FIELD_NAME 1 /* of FileDescriptorProto */

typedef enum visit {
    VISIT_NEW,
    VISIT_OPEN, /* its imports are being visited */
    VISIT_DONE
} visit;

typedef struct entry entry;
struct entry {
    nm_schema_source source;
    entry **imports;
    visit visit;
    size_t next;     /* import to visit */
    entry *importer; /* the file from which this one was visited */
    entry *carried;  /* the next of those that the library carries */
};

typedef struct listing {
    nm_schema_build *build;
    entry **given; /* in the order of the caller */
    size_t n_given;
    entry **by_name; /* the same, sorted */
    entry *carried;  /* those of the library that are imported; the newest first */
    size_t n_carried;
} listing;

static void allow_memory_for(nm_schema_build *build, size_t length)
{
    build->schema->arena.limit += NM_SCHEMA_FACTOR * length;
    build->scratch.limit += NM_SCHEMA_FACTOR * length;
}

/* Finds a file's name. Returns what is wrong with the bytes, or NULL. */
static const char *find_name(nm_bytes file, nm_cursor *name)
{
    nm_cursor s = nm_cursor_over(file.data, file.length);
    nm_item item = {.start = NULL};

    *name = nm_cursor_over(NULL, 0);
    while (s.at < s.end) {
        const char *fault = nm_take_item(&s, &item);
        if (fault != NULL)
            return fault;
        if (item.number == FIELD_NAME && item.wire_type == NM_WIRE_DELIMITED)
            *name = item.content;
    }
    if (nm_cursor_left(name) > NM_SCHEMA_MOST_NAME ||
        !nm_utf8_is_valid(name->at, nm_cursor_left(name)))
        return "its name is too long, or not UTF-8";
    return NULL;
}

static entry *new_entry(nm_schema_build *build, nm_bytes bytes, nm_cursor name)
{
    entry *made = nm_schema_scratch(build, 1, sizeof(*made));
    nm_schema_file *file = nm_schema_keep(build, 1, sizeof(*file));
    char *copy = nm_schema_keep(build, nm_cursor_left(&name) + 1, 1);

    if (made == NULL || file == NULL || copy == NULL)
        return NULL;
    memcpy(copy, name.at, nm_cursor_left(&name));
    copy[nm_cursor_left(&name)] = '\0';
    *file = (nm_schema_file){.name = copy, .bytes = bytes};
    *made = (entry){.source.file = file};
    return made;
}

static natsmicro_status list_given(listing *list, const nm_bytes *files)
{
    nm_schema_build *build = list->build;

    for (size_t i = 0; i < list->n_given; i++) {
        nm_cursor name;
        const char *fault = find_name(files[i], &name);
        if (fault != NULL)
            return nm_error_set(build->error, NATSMICRO_INVALID_ARGUMENT,
                                "file %zu of the schema: not a file descriptor: %s", i, fault);
        entry *made = new_entry(build, files[i], name);
        if (made == NULL)
            return nm_schema_fail_memory(build);
        if (!nm_is_file_name(made->source.file->name))
            return nm_error_set(build->error, NATSMICRO_INVALID_ARGUMENT,
                                "file %zu of the schema: its name is empty or has control "
                                "characters",
                                i);
        list->given[i] = list->by_name[i] = made;
    }
    return NATSMICRO_OK;
}

static int compare_names(const void *a, const void *b)
{
    const entry *const *left = a;
    const entry *const *right = b;

    return strcmp((*left)->source.file->name, (*right)->source.file->name);
}

static bool has_same_bytes(const entry *a, const entry *b)
{
    nm_bytes left = a->source.file->bytes;
    nm_bytes right = b->source.file->bytes;

    return left.length == right.length && memcmp(left.data, right.data, left.length) == 0;
}

/* Marks files that are there again as done, so that they are neither read nor sorted. */
static natsmicro_status drop_repeated(listing *list)
{
    size_t kept = 0;

    if (list->n_given > 0)
        qsort(list->by_name, list->n_given, sizeof(list->by_name[0]), compare_names);
    for (size_t i = 0; i < list->n_given; i++) {
        entry *file = list->by_name[i];
        entry *before = kept > 0 ? list->by_name[kept - 1] : NULL;
        if (before == NULL || compare_names(&before, &file) != 0)
            list->by_name[kept++] = file;
        else if (has_same_bytes(before, file))
            file->visit = VISIT_DONE;
        else
            return nm_schema_fail(list->build, file->source.file->name,
                                  "it is there twice, with different contents");
    }
    list->n_given = kept;
    return NATSMICRO_OK;
}

/* `given` is made to hold the files of `by_name`, in the caller's order. */
static natsmicro_status read_given(listing *list, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        entry *file = list->given[i];
        if (file->visit == VISIT_DONE)
            continue;
        list->given[kept++] = file;
        natsmicro_status status = nm_schema_read(list->build, &file->source);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

static entry *find(const listing *list, const char *name)
{
    size_t from = 0;
    size_t to = list->n_given;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(name, list->by_name[middle]->source.file->name);
        if (order == 0)
            return list->by_name[middle];
        if (order > 0)
            from = middle + 1;
        else
            to = middle;
    }
    for (entry *carried = list->carried; carried != NULL; carried = carried->carried)
        if (strcmp(carried->source.file->name, name) == 0)
            return carried;
    return NULL;
}

/* Reads a file that the library carries; *made is NULL if it carries none of that name. */
static natsmicro_status add_carried(listing *list, const char *name, entry **made)
{
    const nm_bytes *bytes = nm_carried_file(name);

    *made = NULL;
    if (bytes == NULL)
        return NATSMICRO_OK;
    allow_memory_for(list->build, bytes->length);
    *made = new_entry(list->build, *bytes, nm_cursor_over(name, strlen(name)));
    if (*made == NULL)
        return nm_schema_fail_memory(list->build);
    (*made)->carried = list->carried;
    list->carried = *made;
    list->n_carried++;
    return nm_schema_read(list->build, &(*made)->source);
}

static natsmicro_status find_import(listing *list, const entry *file, const char *name,
                                    entry **import)
{
    natsmicro_status status = NATSMICRO_OK;

    *import = find(list, name);
    if (*import == NULL)
        status = add_carried(list, name, import);
    if (status == NATSMICRO_OK && *import == NULL)
        return nm_schema_fail(list->build, file->source.file->name,
                              "it imports %s, which is missing", name);
    return status;
}

static natsmicro_status find_imports(listing *list, entry *file)
{
    size_t count = file->source.file->n_imports;
    const nm_schema_file **imports = nm_schema_keep(list->build, count, sizeof(imports[0]));

    file->imports = nm_schema_scratch(list->build, count, sizeof(file->imports[0]));
    if (imports == NULL || file->imports == NULL)
        return nm_schema_fail_memory(list->build);
    for (size_t i = 0; i < count; i++) {
        natsmicro_status status =
            find_import(list, file, file->source.imports[i], &file->imports[i]);
        if (status != NATSMICRO_OK)
            return status;
        imports[i] = file->imports[i]->source.file;
    }
    file->source.file->imports = imports;
    return NATSMICRO_OK;
}

/* A file of the library may import others of it, which are added in front. */
static natsmicro_status find_all_imports(listing *list)
{
    natsmicro_status status = NATSMICRO_OK;

    for (size_t i = 0; i < list->n_given && status == NATSMICRO_OK; i++)
        status = find_imports(list, list->given[i]);
    const entry *done = NULL;
    while (status == NATSMICRO_OK && done != list->carried) {
        entry *newest = list->carried;
        for (entry *file = newest; file != done && status == NATSMICRO_OK; file = file->carried)
            status = find_imports(list, file);
        done = newest;
    }
    return status;
}

/* Adds a file and its imports to the schema, imports first. A loop, as a chain may be long. */
static natsmicro_status sort_from(listing *list, entry *file)
{
    nm_schema *schema = list->build->schema;

    while (file != NULL) {
        file->visit = VISIT_OPEN;
        if (file->next == file->source.file->n_imports) {
            file->visit = VISIT_DONE;
            schema->files[schema->n_files++] = file->source.file;
            file = file->importer;
            continue;
        }
        entry *import = file->imports[file->next++];
        if (import->visit == VISIT_OPEN)
            return nm_schema_fail(list->build, file->source.file->name,
                                  "it imports %s, which imports it, directly or through others",
                                  import->source.file->name);
        if (import->visit == VISIT_NEW) {
            import->importer = file;
            file = import;
        }
    }
    return NATSMICRO_OK;
}

static natsmicro_status sort(listing *list)
{
    nm_schema *schema = list->build->schema;
    natsmicro_status status = NATSMICRO_OK;

    schema->files =
        nm_schema_keep(list->build, list->n_given + list->n_carried, sizeof(schema->files[0]));
    if (schema->files == NULL)
        return nm_schema_fail_memory(list->build);
    for (size_t i = 0; i < list->n_given && status == NATSMICRO_OK; i++)
        if (list->given[i]->visit == VISIT_NEW)
            status = sort_from(list, list->given[i]);
    return status;
}

natsmicro_status nm_schema_read_files(nm_schema_build *build, const nm_bytes *files, size_t n_files)
{
    listing list = {.build = build, .n_given = n_files};
    size_t total = nm_bytes_length(files, n_files);

    if (total > NM_SCHEMA_MOST_BYTES)
        return nm_error_set(build->error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "the files of the schema have more than %zu bytes",
                            NM_SCHEMA_MOST_BYTES);
    build->schema->arena.limit = build->scratch.limit = NM_SCHEMA_SPARE;
    allow_memory_for(build, total);
    list.given = nm_schema_scratch(build, n_files, sizeof(list.given[0]));
    list.by_name = nm_schema_scratch(build, n_files, sizeof(list.by_name[0]));
    if (list.given == NULL || list.by_name == NULL)
        return nm_schema_fail_memory(build);
    natsmicro_status status = list_given(&list, files);
    if (status == NATSMICRO_OK)
        status = drop_repeated(&list);
    if (status == NATSMICRO_OK)
        status = read_given(&list, n_files);
    if (status == NATSMICRO_OK)
        status = find_all_imports(&list);
    if (status == NATSMICRO_OK)
        status = sort(&list);
    return status;
}
