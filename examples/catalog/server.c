/*
 * The catalogue's service, to copy. It serves until it is interrupted, and then lets running calls
 * finish.
 *
 *     server [nats://127.0.0.1:4222]
 *
 * It keeps no products itself: what SaveProduct answers is stored in the bucket "products" by the
 * library, and read from there again. So it may be restarted, and any number of it may run.
 */
#include "catalog.nats-c.h"
#include "common.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_SKU 40

/* ---- handlers; their user_data is a client that reads the bucket ---- */

/* A SKU becomes a part of a key, where not all characters may be. */
static natsmicro_status check_sku(natsmicro_call *call, const char *sku)
{
    size_t length = 0;
    while (isalnum((unsigned char)sku[length]) || sku[length] == '-')
        length++;
    if (length == 0 || length > LONGEST_SKU || sku[length] != '\0')
        return natsmicro_call_fail(call, NATSMICRO_INVALID_ARGUMENT,
                                   "a SKU has 1 to %d letters, digits and -", LONGEST_SKU);
    return NATSMICRO_OK;
}

/* Gets a product from the bucket, within the time that is left of the call. */
static natsmicro_status get_stored(natsmicro_call *call, Catalog__CatalogClient *bucket,
                                   natsmicro_context *context, char *sku,
                                   Catalog__Product **product)
{
    Catalog__SaveProductRequest saved = CATALOG__SAVE_PRODUCT_REQUEST__INIT;
    saved.sku = sku;
    char key[NATSMICRO_KEY_SIZE];
    natsmicro_status status =
        catalog__catalog_client__save_product__kv_key(&saved, key, sizeof(key));
    if (status != NATSMICRO_OK)
        return natsmicro_call_fail(call, status, "%s", natsmicro_last_error());
    status = natsmicro_context_follow(context, call, NATSMICRO_FOLLOW_DEADLINE);
    if (status == NATSMICRO_OK)
        status = catalog__catalog_client__save_product__get_from_kv(bucket, key, context, product);
    if (status == NATSMICRO_NOT_FOUND)
        return natsmicro_call_fail(call, status, "there is no product %s", sku);
    if (status != NATSMICRO_OK)
        return natsmicro_call_fail(call, status, "%s", natsmicro_context_error_message(context));
    return NATSMICRO_OK;
}

/* On OK the product is the caller's, to be freed with …save_product__free. */
static natsmicro_status find_product(natsmicro_call *call, Catalog__CatalogClient *bucket,
                                     char *sku, Catalog__Product **product)
{
    natsmicro_status status = check_sku(call, sku);
    if (status != NATSMICRO_OK)
        return status;
    natsmicro_context *context;
    status = natsmicro_context_new(&context);
    if (status != NATSMICRO_OK)
        return status;
    status = get_stored(call, bucket, context, sku, product);
    natsmicro_context_destroy(context);
    return status;
}

/* reply stores the response and then sends it. Where it cannot be stored, reply fails the call. */
static natsmicro_status save_product(Catalog__CatalogServer__SaveProduct *call,
                                     const Catalog__SaveProductRequest *request, void *bucket)
{
    (void)bucket;
    natsmicro_status status = check_sku(call->base, request->sku);
    if (status != NATSMICRO_OK)
        return status;
    if (request->cents < 0)
        return natsmicro_call_fail(call->base, NATSMICRO_INVALID_ARGUMENT,
                                   "a price cannot be %d cents", request->cents);
    Catalog__Product product = CATALOG__PRODUCT__INIT;
    product.sku = request->sku;
    product.name = request->name;
    product.cents = request->cents;
    return catalog__catalog_server__save_product__reply(call, &product);
}

static natsmicro_status get_product(Catalog__CatalogServer__GetProduct *call,
                                    const Catalog__GetProductRequest *request, void *bucket)
{
    Catalog__Product *product;
    natsmicro_status status = find_product(call->base, bucket, request->sku, &product);
    if (status != NATSMICRO_OK)
        return status;
    status = catalog__catalog_server__get_product__reply(call, product);
    catalog__catalog_client__save_product__free(product);
    return status;
}

/* What is published stays as it was, until it is published again. */
static natsmicro_status publish_sheet(Catalog__CatalogServer__PublishSheet *call,
                                      const Catalog__PublishSheetRequest *request, void *bucket)
{
    Catalog__Product *product;
    natsmicro_status status = find_product(call->base, bucket, request->sku, &product);
    if (status != NATSMICRO_OK)
        return status;
    char price[64];
    snprintf(price, sizeof(price), "Price: %d.%02d", product->cents / 100, product->cents % 100);
    char *lines[] = {product->name, price};
    Catalog__Sheet sheet = CATALOG__SHEET__INIT;
    sheet.lines = lines;
    sheet.n_lines = sizeof(lines) / sizeof(lines[0]);
    status = catalog__catalog_server__publish_sheet__reply(call, &sheet);
    catalog__catalog_client__save_product__free(product);
    return status;
}

static const Catalog__CatalogHandlers handlers = {
    .save_product = save_product,
    .get_product = get_product,
    .publish_sheet = publish_sheet,
};

/* ---- the program ---- */

/* The signal handler can reach the server only through a global variable. */
static natsmicro_server *running_server;

static void stop(int signal_number)
{
    (void)signal_number;
    natsmicro_server_stop(running_server);
}

/* Hears, among others, of a bucket that could not be made and of a sheet that was not stored. */
static void log_event(const natsmicro_event *event, void *user_data)
{
    (void)user_data;
    fprintf(stderr, "%s: %s\n", natsmicro_event_kind_name(event->kind), show(event->text).text);
}

static natsmicro_status run(natsmicro_server *server)
{
    running_server = server;
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    printf("ready\n");
    fflush(stdout);
    natsmicro_status status = natsmicro_server_run(server);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    return status;
}

static natsmicro_status serve(natsConnection *connection)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.on_error = log_event;
    Catalog__CatalogClient *bucket = NULL;
    natsmicro_server *server = NULL;
    natsmicro_status status = catalog__catalog_client__new(&bucket, connection, NULL);
    if (status == NATSMICRO_OK)
        status = natsmicro_server_new(&server, connection, &options);
    if (status == NATSMICRO_OK) /* makes the buckets that are missing */
        status = catalog__catalog_server__add(server, &handlers, bucket, NULL);
    if (status == NATSMICRO_OK)
        status = run(server);
    natsmicro_server_destroy(server);
    catalog__catalog_client__destroy(bucket);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("usage: server [URL]\n"
               "Serves until it is interrupted. The URL is " NATS_DEFAULT_URL " otherwise.\n");
        return EXIT_SUCCESS;
    }
    natsConnection *connection = connect_to(argc > 1 ? argv[1] : NATS_DEFAULT_URL);
    if (connection == NULL)
        return EXIT_FAILURE;

    natsmicro_status status = serve(connection);
    if (status != NATSMICRO_OK)
        fprintf(stderr, "the service ended: %s\n", natsmicro_last_error());

    natsConnection_Destroy(connection);
    nats_Close();
    return status == NATSMICRO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
