/*
 * Path: see path.h.
 */
#include "json/path.h"

#include "json/text.h"

#include <inttypes.h>

/* As many fields are shown. */
#define SHOWN_FIELDS 12

static void append_string_key(const char *key, nm_buffer *text)
{
    size_t length = strlen(key);
    size_t shown = nm_json_shown(key, length);

    nm_buffer_append_format(text, "[\"%.*s%s\"]", (int)shown, key, shown < length ? "…" : "");
}

static void append_key(const nm_json_field *key, const void *entry, nm_buffer *text)
{
    switch (key->kind) {
    case NM_JSON_STRING: {
        const char *string = nm_json_pointer_in(entry, key->offset);
        append_string_key(string != NULL ? string : "", text);
        break;
    }
    case NM_JSON_BOOL:
        nm_buffer_append_string(text, nm_json_int32_in(entry, key->offset) ? "[true]" : "[false]");
        break;
    case NM_JSON_INT32:
        nm_buffer_append_format(text, "[%" PRId32 "]", nm_json_int32_in(entry, key->offset));
        break;
    case NM_JSON_UINT32:
        nm_buffer_append_format(text, "[%" PRIu32 "]",
                                (uint32_t)nm_json_int32_in(entry, key->offset));
        break;
    case NM_JSON_INT64:
        nm_buffer_append_format(text, "[%" PRId64 "]", nm_json_int64_in(entry, key->offset));
        break;
    default:
        nm_buffer_append_format(text, "[%" PRIu64 "]",
                                (uint64_t)nm_json_int64_in(entry, key->offset));
    }
}

/* Appends what an index or a key says of the place in a list or a map. */
static void append_place(const nm_json_path *frame, nm_buffer *text)
{
    const nm_json_field *field = frame->field;

    if (field->shape == NM_JSON_MAP && frame->entry != NULL)
        append_key(&field->type->fields[0], frame->entry, text);
    else if (frame->index != NM_JSON_NO_INDEX)
        nm_buffer_append_format(text, "[%zu]", frame->index);
}

static void append_frames(const nm_json_path *const *frames, size_t count, bool proto_names,
                          nm_buffer *text)
{
    for (size_t i = count; i > 0; i--) {
        const nm_json_field *field = frames[i - 1]->field;
        if (!field->is_nameless) {
            nm_buffer_append_string(text, text->length > 0 ? "." : "");
            nm_buffer_append_string(text, proto_names ? field->proto.text : field->json.text);
        }
        append_place(frames[i - 1], text);
    }
}

void nm_json_path_append(const nm_json_path *path, bool proto_names, nm_buffer *text)
{
    nm_buffer place = NM_BUFFER_INIT;
    size_t count = 0;

    const nm_json_path *shown[SHOWN_FIELDS];
    for (; path != NULL && count < SHOWN_FIELDS; path = path->parent)
        if (path->field != NULL)
            shown[count++] = path;
    if (path != NULL)
        nm_buffer_append_string(&place, "…");
    append_frames(shown, count, proto_names, &place);
    const char *words = nm_buffer_string(&place);
    if (words != NULL && place.length > 0)
        nm_buffer_append_format(text, "field %s: ", words);
    nm_buffer_free(&place);
}
