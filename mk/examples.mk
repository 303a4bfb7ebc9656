# The programs of examples/, and the demo that runs them.

EXAMPLE_PROGRAMS := $(addprefix $(BUILD)/examples/,greet/server greet/client blob/server blob/blob \
                      auth/server auth/client spans/server spans/client \
                      catalog/server catalog/catalog)
$(eval $(call stubs,greet,examples/greet))
$(eval $(call stubs,blob,examples/blob))
$(eval $(call stubs,auth,examples/auth))
$(eval $(call stubs,spans,examples/spans))
$(eval $(call stubs,catalog,examples/catalog))

$(BUILD)/obj/examples/%.o: examples/%.c $(FLAGS_FILE) | $(greet_HEADERS) $(blob_HEADERS) \
                                 $(auth_HEADERS) $(spans_HEADERS) $(catalog_HEADERS) $(WKT_HEADERS)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_examples))

$(BUILD)/examples/greet/%: $(BUILD)/obj/examples/greet/%.o $(greet_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/examples/blob/%: $(BUILD)/obj/examples/blob/%.o $(BUILD)/obj/examples/blob/common.o \
                          $(BUILD)/obj/examples/blob/bar.o $(BUILD)/obj/examples/blob/text.o \
                          $(blob_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/examples/auth/%: $(BUILD)/obj/examples/auth/%.o $(auth_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/examples/spans/%: $(BUILD)/obj/examples/spans/%.o $(BUILD)/obj/examples/spans/trace.o \
                           $(spans_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/examples/catalog/%: $(BUILD)/obj/examples/catalog/%.o $(BUILD)/obj/examples/catalog/common.o \
                             $(catalog_STUBS) $(STATIC_LIBRARY) $(WKT_LIBRARY)
	$(call say,LD,$@)
	$(quiet)mkdir -p $(@D) && $(CC) $(LINK_FLAGS) -o $@ $^ $(PACKAGE_LIBS)

.PHONY: examples demo demo-run
examples: $(EXAMPLE_PROGRAMS)

demo:
	@scripts/install-dependencies demo
	@$(MAKE) --no-print-directory demo-run

demo-run: all examples
	@BUILD=$(BUILD) scripts/demo
