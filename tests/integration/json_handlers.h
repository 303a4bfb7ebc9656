/*
 * JSON handlers: the service of jsonlab.proto, whose messages travel as JSON.
 */
#ifndef INTEGRATION_JSON_HANDLERS_H
#define INTEGRATION_JSON_HANDLERS_H

#include "jsonlab/v1/jsonlab.nats-c.h"

/*
 * - Echo answers with its request. `fail` is a status to fail with, with three bytes of error data.
 * - CountUp sends `how_many` numbers from 0; instead of the `fail_at`-th (from 1) it fails with
 *   OUT_OF_RANGE.
 * - Sum adds; Chat answers each message with the same.
 * - Upload tells how many bytes came, and their sum; Download sends `how_many` bytes, 0, 1, ….
 */
extern const Jsonlab__V1__JsonLabHandlers json_handlers;

/* Returns bytes 0, 1, … 255, 0, …. Free them. */
uint8_t *json_bytes(size_t length);

#endif
