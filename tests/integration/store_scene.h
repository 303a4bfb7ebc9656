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

/* Fails the test unless the error's text has these words. */
void store_assert_says(const nm_error *error, const char *words);

/* Whether the broker is older, such as than 2.11; the test that asks says why it ends. */
bool store_broker_is_older(const store_scene *self, int major, int minor);

/* ---- buckets of the store ---- */

/* Settings of a bucket with a name alone. */
natsmicro_stub_bucket store_settings(natsmicro_stub_bucket_kind kind, const char *name);

/* Makes a bucket, which must be as asked. */
nm_bucket *store_make(store_scene *self, const natsmicro_stub_bucket *settings);

/* ---- keys ---- */

natsmicro_status store_put(store_scene *self, nm_bucket *bucket, const char *key, const char *value,
                           natsmicro_stub_write_mode mode);

/* Fails the test unless the value is this one. */
void store_assert_value(store_scene *self, nm_bucket *bucket, const char *key, const char *value);

/* Fails the test unless reading the key ends so. */
void store_assert_no_value(store_scene *self, nm_bucket *bucket, const char *key,
                           natsmicro_status status);

/* ---- the peer ---- */

/*
 * What it is answered, with a NUL at its end; the caller frees it. The test fails without an
 * answer.
 */
char *store_ask(const store_scene *self, const char *subject, const char *payload);

/* The same for a subject of JetStream's API and a stream; the answer must be no error. */
char *store_api(const store_scene *self, const char *verb, const char *stream, const char *payload);

#endif
