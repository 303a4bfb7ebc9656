/*
 * Join: see join.h. It goes over each message twice: first it collects the pieces of the message
 * fields, then it writes. Each byte belongs to the tags of one level of nesting only, so the levels
 * add up to the length. It recurses once for each level, which the scan has bounded.
 */
#include "codec/join.h"

#include "codec/item.h"

#include <string.h>

/* A part of a message's encoding. The parts make a circle: after the last one comes the first. */
typedef struct piece piece;
struct piece {
    nm_cursor bytes;
    piece *next;
};

/*
 * The pieces of a message's fields. It has the layout of the unpacked message, so that the members
 * of a oneof share a place here, too. A message field's place holds its last piece, or NULL; a
 * oneof's case is kept; all else is unused. Messages of one level use it one after another.
 */
typedef struct places places;
struct places {
    places *below; /* for the messages inside */
    size_t size;
    alignas(max_align_t) uint8_t members[];
};

typedef struct joiner {
    nm_arena *arena;
    piece *spare; /* to be used again */
    uint8_t *out; /* where the next bytes go */
} joiner;

/* ---- pieces ---- */

static piece *piece_at(const uint8_t *members, const ProtobufCFieldDescriptor *field)
{
    piece *last;

    memcpy(&last, members + field->offset, sizeof(last));
    return last;
}

static void put_piece(uint8_t *members, const ProtobufCFieldDescriptor *field, piece *last)
{
    memcpy(members + field->offset, &last, sizeof(last));
}

static bool append_piece(joiner *j, uint8_t *members, const ProtobufCFieldDescriptor *field,
                         nm_cursor bytes)
{
    piece *last = piece_at(members, field);
    piece *added = j->spare;

    if (added != NULL)
        j->spare = added->next;
    else
        added = nm_arena_alloc(j->arena, sizeof(*added));
    if (added == NULL)
        return false;
    *added = (piece){bytes, added};
    if (last != NULL) {
        added->next = last->next;
        last->next = added;
    }
    put_piece(members, field, added);
    return true;
}

static void drop_pieces(joiner *j, uint8_t *members, const ProtobufCFieldDescriptor *field)
{
    piece *last = piece_at(members, field);

    if (last == NULL)
        return;
    piece *first = last->next;
    last->next = j->spare;
    j->spare = first;
    put_piece(members, field, NULL);
}

/* ---- walking over the items of all pieces ---- */

typedef struct walk {
    const ProtobufCMessageDescriptor *descriptor;
    const ProtobufCFieldDescriptor *last_found;
    const piece *piece;
    const piece *last;
    nm_cursor rest; /* of the piece */
} walk;

static walk walk_over(const ProtobufCMessageDescriptor *descriptor, const piece *last)
{
    return (walk){descriptor, descriptor->fields, last->next, last, last->next->bytes};
}

/* Takes the next item; its field becomes NULL if it is unknown. False at the end. */
static bool take_next(walk *w, nm_item *item, const ProtobufCFieldDescriptor **field)
{
    while (w->rest.at == w->rest.end) {
        if (w->piece == w->last)
            return false;
        w->piece = w->piece->next;
        w->rest = w->piece->bytes;
    }
    if (nm_take_item(&w->rest, item) != NULL)
        return false;
    *field = nm_find_field(w->descriptor, w->last_found, item->number);
    if (*field != NULL)
        w->last_found = *field;
    return true;
}

/* ---- collecting ---- */

/* Sets a oneof to a member, and drops the pieces of the one that it was set to. */
static void choose(joiner *j, const ProtobufCMessageDescriptor *descriptor, uint8_t *members,
                   const ProtobufCFieldDescriptor *field)
{
    uint32_t chosen;

    memcpy(&chosen, members + field->quantifier_offset, sizeof(chosen));
    if (chosen == field->id)
        return;
    memcpy(members + field->quantifier_offset, &field->id, sizeof(field->id));
    const ProtobufCFieldDescriptor *other =
        chosen == 0 ? NULL : protobuf_c_message_descriptor_get_field(descriptor, chosen);
    if (other != NULL && other->type == PROTOBUF_C_TYPE_MESSAGE)
        drop_pieces(j, members, other);
}

static bool collect(joiner *j, const ProtobufCMessageDescriptor *descriptor, const piece *pieces,
                    uint8_t *members)
{
    walk w = walk_over(descriptor, pieces);
    nm_item item = {.start = NULL};
    const ProtobufCFieldDescriptor *field;

    while (take_next(&w, &item, &field)) {
        if (field == NULL)
            continue;
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
            choose(j, descriptor, members, field);
        if (nm_is_single_message(field) && !append_piece(j, members, field, item.content))
            return false;
    }
    return true;
}

/* ---- writing ---- */

static bool join_message(joiner *j, const ProtobufCMessageDescriptor *descriptor,
                         const piece *pieces, places **at);

static void copy(joiner *j, const uint8_t *start, const uint8_t *end)
{
    memcpy(j->out, start, (size_t)(end - start));
    j->out += end - start;
}

/* Writes a length that was reserved `width` bytes, padded if fewer would do. */
static void put_length(uint8_t *at, size_t width, size_t length)
{
    for (; width > 1; width--, length >>= 7)
        *at++ = (uint8_t)(length | 0x80);
    *at = (uint8_t)length;
}

/*
 * Writes a message field. The place of its length is as wide as the pieces together need, which is
 * never more than their own lengths took; what is joined or dropped inside only makes it shorter.
 */
static bool put_message(joiner *j, const nm_item *item, const ProtobufCFieldDescriptor *field,
                        const piece *pieces, places **below)
{
    const piece *each = pieces;
    size_t most = 0;

    do {
        most += nm_cursor_left(&each->bytes);
        each = each->next;
    } while (each != pieces);
    copy(j, item->start, item->value);
    size_t width = nm_varint_size(most);
    uint8_t *content = j->out + width;
    j->out = content;
    if (!join_message(j, field->descriptor, pieces, below))
        return false;
    put_length(content - width, width, (size_t)(j->out - content));
    return true;
}

static bool put_repeated(joiner *j, const nm_item *item, const ProtobufCFieldDescriptor *field,
                         places **below)
{
    piece whole = {item->content, &whole};

    return put_message(j, item, field, &whole, below);
}

/* Writes the joined message in the place of its last piece; the other pieces leave nothing. */
static bool put_single(joiner *j, const nm_item *item, const ProtobufCFieldDescriptor *field,
                       uint8_t *members, places **below)
{
    const piece *last = piece_at(members, field);

    if (last == NULL || last->bytes.at != item->content.at)
        return true;
    bool written = put_message(j, item, field, last, below);
    drop_pieces(j, members, field);
    return written;
}

static bool write_fields(joiner *j, const ProtobufCMessageDescriptor *descriptor,
                         const piece *pieces, places *at)
{
    walk w = walk_over(descriptor, pieces);
    nm_item item = {.start = NULL};
    bool written = true;
    const ProtobufCFieldDescriptor *field;

    while (written && take_next(&w, &item, &field)) {
        if (field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE)
            copy(j, item.start, item.end);
        else if (field->label == PROTOBUF_C_LABEL_REPEATED)
            written = put_repeated(j, &item, field, &at->below);
        else
            written = put_single(j, &item, field, at->members, &at->below);
    }
    return written;
}

/* ---- a message ---- */

/* Empties the places of a level, after making them larger if necessary. NULL: no memory. */
static places *clear_places(joiner *j, places **at, size_t size)
{
    places *here = *at;

    if (here == NULL || here->size < size) {
        here = nm_arena_alloc(j->arena, sizeof(*here) + size);
        if (here == NULL)
            return NULL;
        here->below = *at == NULL ? NULL : (*at)->below;
        here->size = size;
        *at = here;
    }
    memset(here->members, 0, size);
    return here;
}

/* Appends a message's encoding, which is in pieces, to the output. */
static bool join_message(joiner *j, const ProtobufCMessageDescriptor *descriptor,
                         const piece *pieces, places **at)
{
    places *here = clear_places(j, at, descriptor->sizeof_message);

    return here != NULL && collect(j, descriptor, pieces, here->members) &&
           write_fields(j, descriptor, pieces, here);
}

bool nm_join(const ProtobufCMessageDescriptor *descriptor, nm_cursor *bytes, nm_arena *arena)
{
    uint8_t *start = nm_arena_alloc(arena, nm_cursor_left(bytes));
    joiner j = {arena, NULL, start};
    piece whole = {*bytes, &whole};
    places *outermost = NULL;

    if (start == NULL || !join_message(&j, descriptor, &whole, &outermost))
        return false;
    *bytes = (nm_cursor){start, j.out};
    return true;
}
