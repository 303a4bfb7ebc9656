# The benches: our figures beside raw nats.c's.

$(eval $(call stubs,bench,bench/protos))

BENCH_SOURCES  := $(wildcard bench/*.c)
BENCH_PROGRAMS := $(BENCH_SOURCES:%.c=$(BUILD)/%)
BENCH_SHARED   := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard bench/support/*.c) \
                    tests/support/broker.c tests/support/descriptors.c tests/support/process.c)

# The .proto files of the messages that are written as JSON.
BENCH_DESCRIPTORS := $(BUILD)/gen/descriptors/bench.set
$(BENCH_DESCRIPTORS): $(bench_PROTOS:%=bench/protos/%) $(tests_PROTOS:%=tests/protos/%) $(OWN_PROTOS) | $(CHECKED)
	$(call say,PROTOC,$@)
	$(call describe,-Ibench/protos -Itests/protos -Iproto,$(bench_PROTOS) lab/v1/lab.proto)

$(BUILD)/obj/bench/%.o: bench/%.c $(FLAGS_FILE) | $(CHECKED) $(tests_HEADERS) $(bench_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_bench))

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(BENCH_SHARED) $(bench_STUBS) $(tests_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY) | $(BENCH_DESCRIPTORS)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

.PHONY: bench bench-build bench-run
bench:
	@scripts/install-dependencies demo >&2
	@$(MAKE) --no-print-directory bench-build >&2
	@$(MAKE) --no-print-directory bench-run

bench-build: all $(BENCH_PROGRAMS)

bench-run:
	@BUILD=$(BUILD) bench/run

# Lines of `make bench` that the plots and tables of docs/benchmarks.md are made from.
FIGURES ?= $(wildcard docs/benchmarks/*.jsonl)

.PHONY: bench-plot
bench-plot:
	@scripts/install-dependencies plot
	@bench/plot $(FIGURES)
