/*
 * Object scene: a store scene with a bucket of objects, and what a stranger may do to it and see
 * of it, for the tests of objects.
 */
#ifndef INTEGRATION_OBJECT_SCENE_H
#define INTEGRATION_OBJECT_SCENE_H

#include "integration/store_scene.h"
#include "store/object.h"

#include <jansson.h>

typedef struct object_scene {
    store_scene base;
    nm_bucket *bucket; /* "b" */
} object_scene;

/* `config` is the broker's, `stream` members for the bucket's stream; both may be NULL. */
void object_scene_open(object_scene *self, const char *config, const char *stream);
void object_scene_close(object_scene *self);

/* Another bucket, which is not made. */
nm_bucket *object_scene_bucket(object_scene *self, const natsmicro_stub_bucket *settings);

/* ---- verbs ---- */

/* Bytes that differ from place to place, and by the seed. The caller frees them. */
uint8_t *object_bytes(size_t length, unsigned seed);

natsmicro_status object_put(object_scene *self, const char *name, const void *data, size_t length);

/* Into `value`, which is reset; of any size. */
natsmicro_status object_get(object_scene *self, const char *name, nm_buffer *value);

/* Puts, or expects, the bytes of a length and a seed. */
void object_put_bytes(object_scene *self, const char *name, size_t length, unsigned seed);
void object_expect_bytes(object_scene *self, const char *name, size_t length, unsigned seed);

/* ---- what another client does ---- */

/* A request to JetStream's API, such as "STREAM.INFO.OBJ_b". The caller gives the answer back. */
json_t *object_api(object_scene *self, const char *verb, const char *payload);

/* Publishes to the bucket, with an acknowledgement; a rollup where it is an info. */
void object_publish(object_scene *self, const char *subject, const void *data, size_t length);

/* Stores the info of an object, as JSON. */
void object_store_info(object_scene *self, const char *name, const char *json);

/* The info that is stored. The caller gives it back. */
json_t *object_info(object_scene *self, const char *name);

/* How many subjects with chunks the bucket has, and how many chunks they have together. */
size_t object_chunks(object_scene *self, size_t *messages);

/* Fails the test unless the only chunks in the bucket are those of this object. */
void object_assert_tidy(object_scene *self, const char *name);

#endif
