/*
 * The Go program in go/ with Go's own protobuf and its JSON, protojson, calls a JSON service of
 * ours, and serves calls of ours.
 */
#include "interop/json.h"

int main(void)
{
    return json_with_peer("go-peer");
}
