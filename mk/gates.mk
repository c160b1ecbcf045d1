# SPDX-License-Identifier: BSD-3-Clause
# `make check` and the gates: rules about the tree and the mediator's code that no test would see.

GATES  := format licence tree compile binary size docs run-commands selftest
CHECKS += $(addprefix gate-,$(GATES))

GATE_SETTINGS = BUILD='$(BUILD)' CC='$(CC)' CLANG='$(CLANG)' CROSS='$(CROSS)' \
	PARLEY_SOURCES='$(PARLEY_SOURCES)' BARE_FLAGS='$(BARE_FLAGS)' CHECKS='$(CHECKS)'

check: ## run everything that shows Parley is right; ONLY="a b" runs some
	@tools/install check
	@BUILD='$(BUILD)' tools/check $(if $(ONLY),$(ONLY),$(CHECKS))

format: ## rewrite every C file in the project's style
	@tools/install format
	@. tests/gates/lib.sh; project_files '*.c' '*.h' | xargs -r clang-format -i

install: ## install the Debian packages that all targets need
	@for target in run check bench format; do tools/install $$target || exit 1; done

$(addprefix check-gate-,$(GATES)): check-gate-%:
	@$(GATE_SETTINGS) tests/gates/$*

.PHONY: check format install $(addprefix check-gate-,$(GATES))
