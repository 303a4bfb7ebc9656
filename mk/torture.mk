# Tests that take minutes: outages and kills of brokers in a cluster. TORTURE=short runs their short
# forms, at most four minutes.

TORTURE ?= long
TORTURE_SOURCES  := $(wildcard tests/torture/*_test.c)
TORTURE_PROGRAMS := $(TORTURE_SOURCES:tests/%.c=$(BUILD)/tests/%)

$(BUILD)/tests/torture/%: $(BUILD)/obj/tests/torture/%.o $(INTEGRATION_SHARED:%.c=$(BUILD)/obj/%.o) \
                          $(SUPPORT_LIBRARY) $(tests_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS) $(CRYPTO_LIBS)

.PHONY: torture torture-run
torture:
	@scripts/install-dependencies test
	@$(MAKE) --no-print-directory torture-run

torture-run: $(TORTURE_PROGRAMS)
	@BUILD=$(BUILD) TORTURE=$(TORTURE) TEST_LIMIT=$${TEST_LIMIT:-1800} tests/run $(TORTURE_PROGRAMS)
