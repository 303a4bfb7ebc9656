# The library, static and shared.

LIBRARY_SOURCES := $(wildcard runtime/*/*.c runtime/*/*/*.c)
# The .proto files that the library carries, as C.
CARRIED         := $(BUILD)/gen/carried/carried_files.c
CARRIED_OBJECT  := $(BUILD)/obj/gen/carried/carried_files.o
# Descriptors are decoded by types of the library's own: see the .proto.
SUBSET          := $(BUILD)/gen/runtime/schema/descriptor_subset.pb-c
SUBSET_OBJECT   := $(BUILD)/obj/gen/runtime/schema/descriptor_subset.pb-c.o
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/obj/%.o) $(CARRIED_OBJECT) $(SUBSET_OBJECT)
PUBLIC_HEADERS  := $(wildcard runtime/include/natsmicro/*.h)
STATIC_LIBRARY  := $(BUILD)/libnatsmicro.a
SONAME          := libnatsmicro.so.$(SOVERSION)
SHARED_LIBRARY  := $(BUILD)/libnatsmicro.so.$(VERSION)
LIBRARIES       := $(STATIC_LIBRARY) $(SHARED_LIBRARY) $(BUILD)/libnatsmicro.so $(WKT_LIBRARY)

$(BUILD)/obj/runtime/%.o: runtime/%.c $(FLAGS_FILE) | $(CHECKED) $(WKT_HEADERS) $(SUBSET).h
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_runtime))

$(SUBSET).c $(SUBSET).h: runtime/schema/descriptor_subset.proto | $(CHECKED)
	$(call say,PROTOC,$<)
	$(quiet)mkdir -p $(BUILD)/gen/runtime && $(PROTOC) -Iruntime --c_out=$(BUILD)/gen/runtime $<

$(SUBSET_OBJECT): $(SUBSET).c $(FLAGS_FILE) | $(SUBSET).h
	$(call say,CC,$<)
	$(call compile,$(GENERATED_FLAGS) -I$(BUILD)/gen/runtime)

$(CARRIED): scripts/carried scripts/file_set.awk mk/generate.mk $(OWN_PROTOS) | $(CHECKED)
	$(call say,PROTOC,$@)
	$(quiet)mkdir -p $(@D) && scripts/carried $(PROTOC) $(WKT_NAMES) > $@

$(CARRIED_OBJECT): $(CARRIED) $(FLAGS_FILE)
	$(call say,CC,$<)
	$(call compile,$(OWN_FLAGS) $(INCLUDE_runtime))

$(STATIC_LIBRARY): $(LIBRARY_OBJECTS)
	$(call say,AR,$@)
	$(archive)

# Sanitizers leave symbols open for the program to bring.
$(SHARED_LIBRARY): $(LIBRARY_OBJECTS) packaging/natsmicro.map
	$(call say,LD,$@)
	$(quiet)$(CC) -shared $(LINK_FLAGS) -Wl,-soname,$(SONAME) -Wl,--version-script=packaging/natsmicro.map \
	    $(if $(SANITIZE),,-Wl,-z,defs) -o $@ $(LIBRARY_OBJECTS) $(PACKAGE_LIBS)

$(BUILD)/libnatsmicro.so: $(SHARED_LIBRARY)
	$(quiet)ln -sf $(notdir $(SHARED_LIBRARY)) $(BUILD)/$(SONAME) && ln -sf $(SONAME) $@ && touch -h $@
