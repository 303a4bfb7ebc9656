/*
 * nats.go's own clients of buckets and this library, by turns.
 */
#include "interop/stores.h"

int main(void)
{
    return stores_with_peer(
        &(stores_peer){.name = "stores-peer", .has_links = true, .large = 64 << 20});
}
