/*
 * Presence: messages whose optional fields are unset, zero, empty and set, and the service that
 * tells what it has got. Tests of this library with itself and with programs in other languages
 * share them.
 */
#ifndef INTEGRATION_PRESENCE_H
#define INTEGRATION_PRESENCE_H

#include "presence/v1/presence.nats-c.h"

#include <stddef.h>

/* Register and Delete answer with what they get, New with its description. No user_data. */
extern const Presence__V1__PresenceHandlers presence_service;

/* A message, and the next one that it may point to. */
typedef struct presence_example {
    Presence__V1__Things things;
    Presence__V1__Things next;
    const char *description;
} presence_example;

enum { PRESENCE_EXAMPLES = 5 };

/* Fills in an example, by its number. */
void presence_fill(presence_example *example, int number);

/*
 * Writes each field's name and value, and - if it is not set: "number:0 text:- …". Bytes are in
 * hexadecimal digits.
 */
void presence_describe(const Presence__V1__Things *things, char *text, size_t size);

#endif
