# SPDX-License-Identifier: BSD-3-Clause
# What README takes from the code: its table of ABIs, and its example.

DOCS := $(BUILD)/docs

$(DOCS)/abi_table: tools/abi_table.c src/abi.h src/word.h
	@mkdir -p $(@D)
	$(HOST_CC) $(HOST_FLAGS) -Iinclude $< -o $@

# Writes README to standard output with both parts as they should be.
DOCS_README = tools/readme README.md $(DOCS)/abi_table ports/posix/example.c

readme: $(DOCS)/abi_table ## write README's table of ABIs and its example anew
	$(DOCS_README) > $(DOCS)/README.md
	cp $(DOCS)/README.md README.md

CHECKS += readme
check-readme: $(DOCS)/abi_table
	@$(DOCS_README) > $(DOCS)/README.md
	@if diff README.md $(DOCS)/README.md; then echo '1 passed, 0 failed'; else \
		echo 'README.md is stale: make readme'; echo '0 passed, 1 failed'; exit 1; fi

.PHONY: readme check-readme
