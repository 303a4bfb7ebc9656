/*
 * Store scene: a broker, a link on a connection to it, and a store on the link, for tests of the
 * room `store` alone, and a peer that sees and changes what lies in the broker.
 */
#ifndef INTEGRATION_STORE_SCENE_H
#define INTEGRATION_STORE_SCENE_H

#include "link/link.h"
#include "store/store.h"
#include "support/scenario.h"

/* Enough on a loaded machine. */
#define STORE_PATIENCE_MS 30000

/* A deadline (ns) for what is to succeed. */
int64_t store_patience(void);

typedef struct store_scene {
    broker *where; /* NULL: another's */
    natsConnection *connection;
    nm_events events;
    nm_link *link;
    nm_store *store;
    nm_error error;
    natsConnection *peer; /* another client */
} store_scene;

/* Begins a scene on a broker with JetStream, which it owns; `config` may be NULL. */
void store_scene_open(store_scene *self, const char *config);

/* The same on a URL; with options of the store that may be NULL. */
void store_scene_open_at(store_scene *self, const char *url, const nm_store_options *options);

void store_scene_close(store_scene *self);

/* Fails the test unless the last error's text has all of these words. */
void store_assert_says(const nm_error *error, const char *words);

#endif
