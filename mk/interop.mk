# Programs in Go, TypeScript and Python, written from docs/wire-protocol.md alone, and the tests in
# which they and this library call each other. For stores: a service and a client that store as the Go generator's do,
# NATS's own clients, its command nats and its newest broker.

# Of services whose responses are stored.
$(eval $(call stubs,depot,tests/interop/proto))

INTEROP_PEERS := $(BUILD)/interop
INTEROP_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/interop/*_test.c))
INTEROP_SHARED := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %_test.c,$(wildcard tests/interop/*.c)) \
                    tests/vectors/lab.c tests/integration/presence.c tests/integration/json_handlers.c)
PEERS := $(foreach language,go typescript python stores,$(INTEROP_PEERS)/$(language)-peer)

$(INTEROP_PEERS)/go-peer: $(wildcard tests/interop/go/*)
$(INTEROP_PEERS)/typescript-peer: $(wildcard tests/interop/typescript/*)
$(INTEROP_PEERS)/python-peer: tests/interop/python/requirements.txt
$(INTEROP_PEERS)/stores-peer: $(wildcard tests/interop/stores/*) $(wildcard tests/interop/proto/*/*/*) \
                              $(OWN_PROTOS)
$(PEERS): $(INTEROP_PEERS)/%-peer: tests/interop/prepare
	$(call say,PEER,$@)
	$(quiet)tests/interop/prepare $* $(INTEROP_PEERS)

# With it the peers have types for their own JSON encoders.
JSON_DESCRIPTORS := $(INTEROP_PEERS)/jsonlab.binpb
$(JSON_DESCRIPTORS): tests/protos/jsonlab/v1/jsonlab.proto $(OWN_PROTOS) | $(CHECKED)
	$(call say,PROTOC,$@)
	$(call describe,-Itests/protos -Iproto,$<)

$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/interop/*.c)): $(BUILD)/obj/%.o: %.c $(FLAGS_FILE) | $(CHECKED) $(vectors_HEADERS) $(tests_HEADERS) $(depot_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_vectors) -I$(BUILD)/gen/tests -I$(BUILD)/gen/depot $(CMOCKA_CFLAGS))

$(BUILD)/tests/interop/%: $(BUILD)/obj/tests/interop/%.o $(INTEROP_SHARED) \
                          $(SUPPORT_LIBRARY) $(vectors_STUBS) $(tests_STUBS) $(depot_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS)

# Not among the tests: what the peers are made of comes from the registries of their languages.
.PHONY: interop interop-run
interop:
	@scripts/install-dependencies interop
	@$(MAKE) --no-print-directory interop-run

interop-run: $(PEERS) $(JSON_DESCRIPTORS) $(INTEROP_TESTS) $(COMMAND)
	@INTEROP_PEERS=$(abspath $(INTEROP_PEERS)) BUILD=$(BUILD) tests/run $(INTEROP_TESTS) tests/interop/command
