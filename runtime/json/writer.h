/*
 * Writer: the state of one nm_json_write, and how it fails.
 */
#ifndef NM_JSON_WRITER_H
#define NM_JSON_WRITER_H

#include "json/path.h"

typedef struct nm_json_writer {
    nm_buffer *out;
    nm_json_options options;
    const nm_json_path *path; /* of the innermost message */
    uint32_t depth;           /* of the message that is being written; the outermost is 1 */
    uint32_t any_depth;       /* of messages in Any */
    natsmicro_status status;
    nm_error *error; /* may be NULL */
} nm_json_writer;

/* Set status and text, after the path. Return false. */
bool nm_json_refuse_write(nm_json_writer *w, natsmicro_status status, const char *format, ...)
    NATSMICRO_PRINTF(3, 4);
bool nm_json_invalid(nm_json_writer *w, const char *reason);

#endif
