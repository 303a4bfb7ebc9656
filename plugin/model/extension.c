/*
 * Extension: see extension.h.
 */
#include "model/extension.h"

#include "request/wire.h"

#include <string.h>

/*
 * Whether a file of the request declares the extension. Its number alone does not tell, because it
 * is from the range that anybody may use.
 */
static bool is_declared(const gen_sources *sources, const gen_extension *extension)
{
    for (size_t i = 0; i < sources->count; i++) {
        const gen_source *source = &sources->items[i];
        if (strcmp(source->scope.package, "natsmicro") != 0)
            continue;
        for (size_t k = 0; k < source->proto->n_extension; k++) {
            const gen_field_proto *declared = source->proto->extension[k];
            if (declared->name != NULL && strcmp(declared->name, extension->name) == 0 &&
                declared->number == (int32_t)extension->number)
                return true;
        }
    }
    return false;
}

static gen_extension_state find_payload(const gen_extended *extended,
                                        const gen_extension *extension, nm_cursor *payload)
{
    return is_declared(extended->sources, extension)
               ? gen_wire_extension(extended->context->pool, extended->options, extension->number,
                                    payload)
               : GEN_EXTENSION_ABSENT;
}

bool gen_read_extension(const gen_extended *extended, const gen_extension *extension,
                        const ProtobufCMessageDescriptor *descriptor, const void **message)
{
    ProtobufCAllocator allocator = gen_wire_allocator(extended->context->pool);
    nm_cursor payload;
    gen_extension_state state = find_payload(extended, extension, &payload);
    *message = NULL;
    if (state == GEN_EXTENSION_ABSENT)
        return true;
    if (state == GEN_EXTENSION_PRESENT)
        *message =
            protobuf_c_message_unpack(descriptor, &allocator, nm_cursor_left(&payload), payload.at);
    if (*message == NULL)
        return gen_fail(extended->context, extended->place,
                        "the option (natsmicro.%s) is malformed (import "
                        "\"natsmicro/options.proto\" as this plugin ships it)",
                        extension->name);
    return true;
}
