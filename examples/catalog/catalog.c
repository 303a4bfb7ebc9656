/*
 * catalog: saves and shows products. While the service is down it shows what lies in the store.
 *
 *     catalog [-s URL] save SKU NAME CENTS
 *     catalog [-s URL] show SKU
 *     catalog [-s URL] sheet SKU           publishes the data sheet, and shows it
 *
 * The URL is NATS_URL's otherwise, or nats://127.0.0.1:4222. Exit status: 0 done, 1 failed, 2 wrong
 * usage, 3 no such product, 4 nobody serves.
 */
#include "catalog.nats-c.h"
#include "common.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DONE = 0, FAILED = 1, WRONG_USAGE = 2, NO_SUCH_PRODUCT = 3, NOBODY_SERVES = 4 };

/* ---- errors ---- */

static int exit_status_of(natsmicro_status status)
{
    switch (status) {
    case NATSMICRO_OK:
        return DONE;
    case NATSMICRO_NOT_FOUND:
        return NO_SUCH_PRODUCT;
    case NATSMICRO_UNAVAILABLE:
        return NOBODY_SERVES;
    default:
        return FAILED;
    }
}

/* Without a context, the thread's last error has the text: of a call, a key or a store. */
static int report(natsmicro_status status)
{
    if (status != NATSMICRO_OK)
        fprintf(stderr, "catalog: %s: %s\n", natsmicro_status_name(status),
                show(natsmicro_last_error()).text);
    return exit_status_of(status);
}

static void say_from_store(void)
{
    fprintf(stderr, "catalog: the service is down: from the store\n");
}

/* ---- save ---- */

static void print_product(const Catalog__Product *product)
{
    printf("%s  %d.%02d  %s\n", show(product->sku).text, product->cents / 100, product->cents % 100,
           show(product->name).text);
}

/* Only the service saves: it checks what it is given. */
static int save(Catalog__CatalogClient *client, char **words)
{
    char *end;
    long cents = strtol(words[2], &end, 10);
    if (*words[2] == '\0' || *end != '\0' || cents < 0 || cents > INT_MAX) {
        fprintf(stderr, "catalog: %s is no price: write whole cents, such as 2490\n",
                show(words[2]).text);
        return WRONG_USAGE;
    }
    Catalog__SaveProductRequest request = CATALOG__SAVE_PRODUCT_REQUEST__INIT;
    request.sku = words[0];
    request.name = words[1];
    request.cents = (int32_t)cents;
    Catalog__Product *product;
    natsmicro_status status =
        catalog__catalog_client__save_product(client, &request, NULL, &product);
    if (status == NATSMICRO_OK)
        print_product(product);
    catalog__catalog_client__save_product__free(product);
    return report(status);
}

/* ---- show ---- */

/* What SaveProduct has answered last, under the key that the service has stored it under. */
static natsmicro_status get_stored_product(Catalog__CatalogClient *client, char *sku,
                                           Catalog__Product **product)
{
    Catalog__SaveProductRequest saved = CATALOG__SAVE_PRODUCT_REQUEST__INIT;
    saved.sku = sku;
    char key[NATSMICRO_KEY_SIZE];
    natsmicro_status status =
        catalog__catalog_client__save_product__kv_key(&saved, key, sizeof(key));
    if (status == NATSMICRO_OK)
        status = catalog__catalog_client__save_product__get_from_kv(client, key, NULL, product);
    return status;
}

static int show_product(Catalog__CatalogClient *client, char *sku)
{
    Catalog__GetProductRequest request = CATALOG__GET_PRODUCT_REQUEST__INIT;
    request.sku = sku;
    Catalog__Product *product;
    natsmicro_status status =
        catalog__catalog_client__get_product(client, &request, NULL, &product);
    if (status == NATSMICRO_UNAVAILABLE) {
        say_from_store();
        status = get_stored_product(client, sku, &product);
    }
    if (status == NATSMICRO_OK)
        print_product(product);
    catalog__catalog_client__get_product__free(product);
    return report(status);
}

/* ---- sheet ---- */

static void print_sheet(const Catalog__Sheet *sheet)
{
    for (size_t i = 0; i < sheet->n_lines; i++)
        printf("%s\n", show(sheet->lines[i]).text);
}

static natsmicro_status get_stored_sheet(Catalog__CatalogClient *client,
                                         const Catalog__PublishSheetRequest *request,
                                         Catalog__Sheet **sheet)
{
    char name[NATSMICRO_KEY_SIZE];
    natsmicro_status status =
        catalog__catalog_client__publish_sheet__object_store_key(request, name, sizeof(name));
    if (status == NATSMICRO_OK)
        status = catalog__catalog_client__publish_sheet__get_from_object_store(client, name, NULL,
                                                                               sheet);
    return status;
}

static int show_sheet(Catalog__CatalogClient *client, char *sku)
{
    Catalog__PublishSheetRequest request = CATALOG__PUBLISH_SHEET_REQUEST__INIT;
    request.sku = sku;
    Catalog__Sheet *sheet;
    natsmicro_status status =
        catalog__catalog_client__publish_sheet(client, &request, NULL, &sheet);
    if (status == NATSMICRO_UNAVAILABLE) {
        say_from_store();
        status = get_stored_sheet(client, &request, &sheet);
    }
    if (status == NATSMICRO_OK)
        print_sheet(sheet);
    catalog__catalog_client__publish_sheet__free(sheet);
    return report(status);
}

/* ---- the program ---- */

static void print_usage(FILE *out)
{
    fprintf(
        out,
        "usage: catalog [-s URL] save SKU NAME CENTS\n"
        "       catalog [-s URL] show SKU\n"
        "       catalog [-s URL] sheet SKU\n"
        "sheet publishes the data sheet and shows it. While the service is down, show and\n"
        "sheet show what is stored. The URL is that of NATS_URL otherwise, or\n" NATS_DEFAULT_URL
        ".\n");
}

static bool is_right(int count, char **words)
{
    if (count == 4)
        return strcmp(words[0], "save") == 0;
    return count == 2 && (strcmp(words[0], "show") == 0 || strcmp(words[0], "sheet") == 0);
}

static int run(Catalog__CatalogClient *client, char **words)
{
    if (strcmp(words[0], "save") == 0)
        return save(client, words + 1);
    if (strcmp(words[0], "show") == 0)
        return show_product(client, words[1]);
    return show_sheet(client, words[1]);
}

int main(int argc, char **argv)
{
    const char *url = getenv("NATS_URL");
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        url = argv[2];
        first = 3;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_usage(stdout);
        return DONE;
    }
    if (!is_right(argc - first, argv + first)) {
        print_usage(stderr);
        return WRONG_USAGE;
    }

    natsConnection *connection = connect_to(url != NULL ? url : NATS_DEFAULT_URL);
    if (connection == NULL)
        return NOBODY_SERVES;
    Catalog__CatalogClient *client;
    natsmicro_status status = catalog__catalog_client__new(&client, connection, NULL);
    int result = status == NATSMICRO_OK ? run(client, argv + first) : report(status);
    catalog__catalog_client__destroy(client);
    natsConnection_Destroy(connection);
    nats_Close();
    if (fflush(stdout) == 0)
        return result;
    perror("catalog: standard output");
    return FAILED;
}
