/*
 * Wire: protobuf's encoding, written by hand.
 */
#ifndef TESTS_SUPPORT_WIRE_H
#define TESTS_SUPPORT_WIRE_H

#include "base/buffer.h"
#include "base/varint.h"

void wire_put_varint(nm_buffer *buffer, uint64_t number);
void wire_put_tag(nm_buffer *buffer, uint32_t number, unsigned wire_type);

/* A length, and as many bytes. */
void wire_put_delimited(nm_buffer *buffer, const void *bytes, size_t length);

#endif
