# Tests that take minutes: outages and kills of brokers in a cluster, and attacks. TORTURE=short runs
# their short forms, at most five minutes.

TORTURE ?= long
TORTURE_SOURCES  := $(wildcard tests/torture/*_test.c)
TORTURE_SHARED   := $(filter-out %_test.c,$(wildcard tests/torture/*.c))
# TESTS narrows a run, as it does for the tests.
TORTURE_TESTS    := $(if $(TESTS),$(foreach test,$(TORTURE_SOURCES:tests/%.c=%),\
                      $(if $(strip $(foreach word,$(TESTS),$(findstring $(word),$(test)))),$(test))),\
                      $(TORTURE_SOURCES:tests/%.c=%))
TORTURE_PROGRAMS := $(TORTURE_TESTS:%=$(BUILD)/tests/%)

$(BUILD)/tests/torture/%: $(BUILD)/obj/tests/torture/%.o $(INTEGRATION_SHARED:%.c=$(BUILD)/obj/%.o) \
                          $(TORTURE_SHARED:%.c=$(BUILD)/obj/%.o) \
                          $(SUPPORT_LIBRARY) $(tests_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(PACKAGE_LIBS)

.PHONY: torture torture-run
torture:
	@scripts/install-dependencies test
	@$(MAKE) --no-print-directory torture-run

# One after the other: an attack takes all of the machine that it can get.
torture-run: $(TORTURE_PROGRAMS)
	@BUILD=$(BUILD) TORTURE=$(TORTURE) TEST_LIMIT=$${TEST_LIMIT:-1800} TEST_JOBS=$${TEST_JOBS:-1} \
	    tests/run $(TORTURE_PROGRAMS)
