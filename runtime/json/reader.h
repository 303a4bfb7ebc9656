/*
 * Reader: the state of one nm_json_read, how it fails, and its memory.
 */
#ifndef NM_JSON_READER_H
#define NM_JSON_READER_H

#include "json/path.h"

/*
 * Elements of lists whose length is not known yet, those of an inner list after those of the outer
 * one. They count as memory of the message, as the list will that is made of them.
 */
#define NM_JSON_STACK_SIZE 1024
typedef struct nm_json_stack {
    uint8_t *data;
    size_t length;
    size_t capacity;
    uint8_t first[NM_JSON_STACK_SIZE];
} nm_json_stack;

/* Where an object begins, and where the value of its member "@type" does. */
typedef struct nm_json_type_place {
    const uint8_t *object;
    const uint8_t *url;
} nm_json_type_place;

typedef struct nm_json_reader {
    const uint8_t *start;
    const uint8_t *at; /* what comes next */
    const uint8_t *end;
    nm_arena *arena;
    nm_json_options options;
    uint32_t max_depth;
    uint32_t depth;  /* of the message that is being read; the outermost is 1 */
    bool is_dropped; /* the value just read is an enum's name that is unknown and ignored */
    const nm_json_path *path;
    const ProtobufCMessageDescriptor *descriptor; /* of the outermost message */
    const uint8_t *fault;                         /* where it failed */
    natsmicro_status status;
    nm_error *error;          /* may be NULL */
    bool notes_types;         /* nm_json_skip notes in `types` where types are */
    nm_buffer types;          /* of nm_json_type_place, sorted by object */
    const uint8_t *types_end; /* `types` has all objects up to this place */
    nm_json_stack stack;
} nm_json_reader;

/* Whether a value that begins with this byte is a number. */
static inline bool nm_json_begins_number(uint8_t byte)
{
    return byte == '-' || (byte >= '0' && byte <= '9');
}

void nm_json_reader_init(nm_json_reader *r, const uint8_t *text, size_t length, nm_arena *arena);
void nm_json_reader_free(nm_json_reader *r);

/*
 * INVALID_ARGUMENT: a fault at that place, with the path before the text and line and column after
 * it. Returns false.
 */
bool nm_json_refuse(nm_json_reader *r, const uint8_t *at, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);

/* The same for a value, from `at` to r->at, which is shown before the reason. */
bool nm_json_refuse_value(nm_json_reader *r, const uint8_t *at, const char *reason);

/* The same where something else comes next: `expected a number, not an object`. */
bool nm_json_unexpected(nm_json_reader *r, const char *expected);

/* RESOURCE_EXHAUSTED. Returns false. */
bool nm_json_exhausted(nm_json_reader *r);

/* Returns memory of the arena; NULL, after nm_json_exhausted, if it has no more. */
void *nm_json_alloc(nm_json_reader *r, size_t size);

/* Appends an element to the stack. */
bool nm_json_push(nm_json_reader *r, const void *element, size_t size);

#endif
