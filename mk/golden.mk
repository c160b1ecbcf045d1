# SPDX-License-Identifier: BSD-3-Clause
# The golden tables and the museum: what the rules say, against the library on the simulated machine,
# with the sanitizers on.

RULES_OBJECTS := $(BUILD)/posix/asan
RULES_SUPPORT := $(addprefix $(RULES_OBJECTS)/tests/museum/,support.o calls.o lists.o meanwhile.o)
# Some hooks pass through tests/museum/meanwhile.c.
RULES_WRAP := page_map page_unmap vm_is_aarch64 vcpu_wake interrupt
RULES_LINK := -pthread $(RULES_WRAP:%=-Wl,--wrap=parley_port_%) -lcmocka

GOLDEN         := $(BUILD)/golden/golden
GOLDEN_OBJECTS := $(addprefix $(RULES_OBJECTS)/tests/golden/,golden.o range.o scene.o memory.o tables.o)

$(GOLDEN): $(GOLDEN_OBJECTS) $(RULES_SUPPORT) $(RULES_OBJECTS)/libposix.a
	@mkdir -p $(@D)
	$(POSIX_CC_asan) $^ $(RULES_LINK) -o $@

MUSEUM         := $(BUILD)/golden/museum
MUSEUM_OBJECTS := $(addprefix $(RULES_OBJECTS)/tests/museum/,museum.o buffers.o lifetime.o version.o \
	races.o bounds.o registers.o discovery.o gating.o locks.o spmc.o \
	spmc_buffers.o spmc_world.o rollback.o talk.o notify.o direct.o \
	indirect.o signals.o availability.o incoming.o)

$(MUSEUM): $(MUSEUM_OBJECTS) $(RULES_SUPPORT) $(RULES_OBJECTS)/libposix.a
	@mkdir -p $(@D)
	$(POSIX_CC_asan) $^ $(RULES_LINK) -o $@

MUSEUM_MEMORY         := $(BUILD)/golden/museum-memory
MUSEUM_MEMORY_OBJECTS := $(patsubst %.c,$(RULES_OBJECTS)/%.o,$(wildcard tests/museum/memory_*.c))

$(MUSEUM_MEMORY): $(MUSEUM_MEMORY_OBJECTS) $(RULES_OBJECTS)/libsupport.a $(RULES_OBJECTS)/libposix.a
	@mkdir -p $(@D)
	$(POSIX_CC_asan) -pthread $^ -lcmocka -o $@

CHECKS += golden museum
check-golden: $(GOLDEN)
	@$(GOLDEN)

check-museum: $(MUSEUM) $(MUSEUM_MEMORY)
	@tests/support/run $^
	@tests/museum/check_rows

.PHONY: check-golden check-museum
