/*
 * Members: see members.h.
 */
#include "emit/members.h"

#include "emit/escape.h"

#include <inttypes.h>

void gen_add_string_member(nm_buffer *out, const char *indent, const char *name, const char *value)
{
    nm_buffer_append_format(out, "%s%s = ", indent, name);
    gen_add_literal(out, value);
    nm_buffer_append_string(out, ",\n");
}

void gen_add_number_member(nm_buffer *out, const char *indent, const char *name, int64_t value)
{
    if (value != 0)
        nm_buffer_append_format(out, "%s%s = %" PRId64 ",\n", indent, name, value);
}

void gen_print_metadata(nm_buffer *out, const gen_var *vars, const char *declaration,
                        const gen_pairs *pairs)
{
    if (pairs->count == 0)
        return;
    gen_print(out, vars, declaration);
    nm_buffer_append_string(out, " = {\n");
    for (size_t i = 0; i < pairs->count; i++) {
        nm_buffer_append_string(out, "    {");
        gen_add_literal(out, pairs->items[i].key);
        nm_buffer_append_string(out, ", ");
        gen_add_literal(out, pairs->items[i].value);
        nm_buffer_append_string(out, "},\n");
    }
    nm_buffer_append_string(out, "};\n\n");
}
