/*
 * Key: under which key the response to a request is stored, of the parts that the service's tables
 * name. Fields are written as Go's %v prints them, and enums by name, so that services and clients
 * in Go find what we store.
 */
#ifndef NM_CALL_KEY_H
#define NM_CALL_KEY_H

#include "base/buffer.h"
#include "base/error.h"
#include "natsmicro/stub.h"

/*
 * Writes the key into the buffer, which is reset first; nm_buffer_string has it then.
 * INVALID_ARGUMENT: the request's fields make no key that can be; the text names field and value.
 * FAILED_PRECONDITION: the tables do not fit the request; RESOURCE_EXHAUSTED: no memory.
 */
natsmicro_status nm_key_write(const natsmicro_stub_store *store, const ProtobufCMessage *request,
                              nm_buffer *key, nm_error *error);

#endif
