# The fuzz targets, built by clang in a folder of their own.

FUZZ_SOURCES  := $(wildcard tests/fuzz/*_fuzz.c)
FUZZ_PROGRAMS := $(FUZZ_SOURCES:tests/%.c=$(BUILD)/tests/%)
FUZZ_SECONDS  ?= 30

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(SUPPORT_LIBRARY) $(tests_STUBS) $(FRAME_OBJECT) \
                       $(STATIC_LIBRARY) $(WKT_LIBRARY) | $(DESCRIPTOR_SETS)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -fsanitize=fuzzer -o $@ $^ $(PACKAGE_LIBS)

.PHONY: fuzz fuzz-run
fuzz:
	@scripts/install-dependencies ci
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang CFLAGS="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" fuzz-run

fuzz-run: $(FUZZ_PROGRAMS)
	@BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz $(FUZZ_PROGRAMS)
