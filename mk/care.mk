# Care of the source: format, structure, the database for editors.

# Golden files are the plugin's to lay out.
FORMATTED := $(shell find runtime plugin command tests bench examples -name '*.[ch]' \
    -not -path '*/expected/*' 2>/dev/null)

.PHONY: format check-format check-structure compile_commands.json
format:
	@$(CLANG_FORMAT) -i $(FORMATTED)

check-format:
	@$(CLANG_FORMAT) --version
	@$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)
	@! LC_ALL=C.UTF-8 grep -nE '^[^"]{101,}$$' $(FORMATTED) || { echo "longer than 100 columns" >&2; exit 1; }

# The objects tell which file uses which.
check-structure: $(LIBRARY_OBJECTS) $(PLUGIN_OBJECTS) $(COMMAND_OBJECTS)
	@BUILD=$(BUILD) scripts/check-structure

# Written under $(BUILD), where clangd looks for it by itself.
compile_commands.json: $(WKT_HEADERS) $(SUBSET).h $(PLUGIN_HEADERS) $(tests_HEADERS) $(vectors_HEADERS) $(FRAME_HEADER) $(bench_HEADERS) $(greet_HEADERS) $(blob_HEADERS)
	@scripts/compile-commands $(foreach room,runtime plugin command tests bench examples,\
	    --flags '$(CC) $(OWN_FLAGS) $(INCLUDE_$(room))' \
	    $(filter $(room)/%,$(LIBRARY_SOURCES) $(PLUGIN_SOURCES) $(COMMAND_SOURCES) \
	        $(wildcard tests/*/*.c bench/*.c bench/*/*.c examples/*/*.c))) \
	    > $(BUILD)/compile_commands.json
	@echo $(BUILD)/compile_commands.json
