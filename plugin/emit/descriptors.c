/*
 * Descriptors: see descriptors.h. The bytes are a list of numbers, because compilers warn of long
 * string literals.
 */
#include "emit/descriptors.h"

#include "emit/escape.h"
#include "emit/vars.h"

#include <stdio.h>

#define LINE_LIMIT 100

static void print_bytes(nm_buffer *out, const uint8_t *bytes, size_t length)
{
    size_t column = LINE_LIMIT;
    for (size_t i = 0; i < length; i++) {
        char number[8];
        size_t width = (size_t)snprintf(number, sizeof(number), " %d,", bytes[i]);
        if (column + width > LINE_LIMIT) {
            nm_buffer_append_string(out, "\n   ");
            column = 3;
        }
        nm_buffer_append(out, number, width);
        column += width;
    }
}

/* The declaration is in two lines, because names are long. */
static void print_file(nm_buffer *out, const gen_descriptor *descriptor)
{
    nm_buffer_append_string(out, "/* ");
    gen_add_comment_text(out, descriptor->proto);
    nm_buffer_append_format(out,
                            " */\n"
                            "__attribute__((weak, visibility(\"hidden\")))\n"
                            "const uint8_t %s[] = {",
                            descriptor->symbol);
    print_bytes(out, descriptor->bytes, descriptor->length);
    nm_buffer_append_string(out, "\n};\n\n");
}

static const char head[] =
    "/* ---- the .proto files, for JSON and for discovery's schema ---- */\n"
    "\n"
    "/*\n"
    " * Each is a serialized google.protobuf.FileDescriptorProto. It is weak, and its name is the hash\n"
    " * of its bytes: so a program holds one of it, however many generated files have it.\n"
    " */\n"
    "\n";

static const char table[] = "/* Imports come first. */\n"
                            "static const natsmicro_stub_file files_$identifier$[] = {\n";

void gen_emit_descriptors(nm_buffer *out, const gen_file *file)
{
    if (file->n_descriptors == 0)
        return;
    gen_vars vars;
    gen_service_vars(&vars, file, NULL);
    gen_print(out, vars.vars, head);
    for (size_t i = 0; i < file->n_descriptors; i++)
        print_file(out, &file->descriptors[i]);
    gen_print(out, vars.vars, table);
    for (size_t i = 0; i < file->n_descriptors; i++)
        nm_buffer_append_format(out, "    {%s, %zu},\n", file->descriptors[i].symbol,
                                file->descriptors[i].length);
    nm_buffer_append_string(out, "};\n\n");
}
