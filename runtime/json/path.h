/*
 * Path: where in a message the writer or the reader is, for the texts of errors. A frame lies on
 * the stack of the function that works on a message, and is linked with that of the message
 * around it.
 */
#ifndef NM_JSON_PATH_H
#define NM_JSON_PATH_H

#include "base/buffer.h"
#include "json/type.h"

typedef struct nm_json_path nm_json_path;
struct nm_json_path {
    const nm_json_path *parent;
    const nm_json_field *field; /* NULL: the message itself */
    const void *entry;          /* of a map: the entry that is worked on, or NULL */
    size_t index;               /* in a list; NM_JSON_NO_INDEX: the list itself, or no list */
};

#define NM_JSON_NO_INDEX SIZE_MAX

/*
 * Appends `field order.lines[3].price: `, with the names of JSON or those of the .proto; of a long
 * path the end. Nothing if no field is worked on.
 */
void nm_json_path_append(const nm_json_path *path, bool proto_names, nm_buffer *text);

#endif
