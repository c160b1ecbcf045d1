# SPDX-License-Identifier: BSD-3-Clause
# The interleaving explorer: the mediator's own sources, compiled so that each atomic operation is a
# point where another thread may go on and each plain access is seen. See tests/interleave/README.md.

INTERLEAVE      := $(BUILD)/interleave
INTERLEAVE_SELF := $(patsubst %.c,$(INTERLEAVE)/%.o,$(wildcard tests/interleave/*.c))

# Reports name places in the source: no jump replaces a call, and addresses are those of the file.
INTERLEAVE_FLAGS := $(HOST_FLAGS) -Iinclude -Itests/interleave -fno-optimize-sibling-calls -fno-pie \
	-DPARLEY_ENV_HEADER='"interleave_env.h"'
# The compiler calls tests/interleave/race.c before each plain access; no sanitizer library is linked.
# -O1 keeps the accesses near to how they are written.
INTERLEAVE_WATCHED := $(INTERLEAVE_FLAGS) -O1 -fsanitize=thread

$(INTERLEAVE)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(HOST_CC) $(INTERLEAVE_FLAGS) -MMD -MP -c $< -o $@

$(INTERLEAVE)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(HOST_CC) $(INTERLEAVE_WATCHED) -MMD -MP -c $< -o $@

$(INTERLEAVE)/interleave: $(INTERLEAVE_SELF) $(PARLEY_SOURCES:%.c=$(INTERLEAVE)/%.o)
	$(HOST_CC) -no-pie $^ -o $@

interleave: $(INTERLEAVE)/interleave ## run all schedules of two and three vCPUs on the real code
	@$<

CHECKS += interleave
check-interleave: $(INTERLEAVE)/interleave
	@$< --self-test
	@$<

# Faults planted in a copy of the mediator, which the explorer has to find. ONLY_MUTANTS="a b" runs some.
CHECKS += interleave-mutants
check-interleave-mutants: $(INTERLEAVE)/interleave
	@OUT=$(INTERLEAVE)/mutants OBJECTS=$(INTERLEAVE) PARLEY_SOURCES='$(PARLEY_SOURCES)' \
		COMPILE="$(subst ",\",$(HOST_CC) $(INTERLEAVE_WATCHED)) -c" LINK='$(HOST_CC) -no-pie' \
		tests/interleave/run_mutants $(ONLY_MUTANTS)

.PHONY: interleave check-interleave check-interleave-mutants

-include $(shell find $(INTERLEAVE) -name '*.d' 2>/dev/null)
