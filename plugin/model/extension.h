/*
 * Extension: natsmicro's options as protoc passes them on. They extend the options messages of
 * descriptor.proto; protobuf-c does not support extensions and keeps them as unknown fields.
 */
#ifndef GEN_EXTENSION_H
#define GEN_EXTENSION_H

#include "request/context.h"
#include "request/sources.h"

/* An extension that natsmicro/options.proto declares. */
typedef struct gen_extension {
    uint32_t number;
    const char *name;
} gen_extension;

/* A service or a method, and its options. */
typedef struct gen_extended {
    gen_context *context;
    const gen_sources *sources;
    const gen_place *place;
    const ProtobufCMessage *options; /* NULL if it has none */
} gen_extended;

/*
 * Reads an extension, a message of the type that the descriptor describes, into *message: NULL if
 * it is not set. Fails if it is malformed.
 */
bool gen_read_extension(const gen_extended *extended, const gen_extension *extension,
                        const ProtobufCMessageDescriptor *descriptor, const void **message);

#endif
