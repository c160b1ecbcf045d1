# SPDX-License-Identifier: BSD-3-Clause
# The mediator on the host, under the simulated hypervisor of ports/posix, in several flavours:
# plain, and with the sanitizers. Tests, benches and tools link $(BUILD)/posix/FLAVOUR/libposix.a.
# Any .c file of the tree, compiled for it, is $(BUILD)/posix/FLAVOUR/PATH.o.

POSIX_FLAGS := $(HOST_FLAGS) -pthread -Iinclude -Iports/posix -Itests/support \
	-DPARLEY_ENV_HEADER='"env_posix.h"'

POSIX_FLAVOURS := plain asan tsan
POSIX_CC_plain := $(HOST_CC)
POSIX_CC_asan  := $(CLANG) -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fsanitize-address-use-after-scope -fno-omit-frame-pointer
POSIX_CC_tsan  := $(CLANG) -fsanitize=thread

POSIX_PORT_SOURCES := $(addprefix ports/posix/,address.c console.c cpu.c fault.c grants.c \
	guest_life.c guest_memory.c guest_platform.c log.c memory.c pins.c secure_world.c trap.c vcpu.c)
POSIX_SECURE_SOURCES := $(wildcard secure/spmc/*.c) \
	$(addprefix secure/partitions/,partitions.c agent.c agent_access.c agent_memory.c \
	agent_message.c agent_portable.c agent_vm.c)
POSIX_SOURCES := $(PARLEY_SOURCES) $(POSIX_PORT_SOURCES) $(POSIX_SECURE_SOURCES)

define posix_flavour
$(BUILD)/posix/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(POSIX_CC_$(1)) $$(POSIX_FLAGS) -MMD -MP -c $$< -o $$@

$(BUILD)/posix/$(1)/libposix.a: $(POSIX_SOURCES:%.c=$(BUILD)/posix/$(1)/%.o)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
endef
$(foreach flavour,$(POSIX_FLAVOURS),$(eval $(call posix_flavour,$(flavour))))

# The README's example of an embedder, as it is printed there.
EXAMPLE := $(BUILD)/posix/plain/example

$(EXAMPLE): $(BUILD)/posix/plain/ports/posix/example.o $(BUILD)/posix/plain/libposix.a
	$(POSIX_CC_plain) -pthread $^ -o $@

example: $(EXAMPLE) ## run the smallest embedder: two VMs, of which one discovers the other
	@$(EXAMPLE)

CHECKS += example
check-example: $(EXAMPLE)
	@$(EXAMPLE) | diff ports/posix/example.out - && echo "1 passed, 0 failed"

# The port to copy from: it has to compile everywhere, with no header but its own.
TEMPLATE_FLAGS := -Iinclude -Iports/template -DPARLEY_ENV_HEADER='"env_template.h"' \
	-DFFA_TYPES_HEADER='"env_template.h"' -nostdinc
TEMPLATE_SOURCES := $(PARLEY_SOURCES) ports/template/port_template.c

$(BUILD)/template/host/%.o: %.c
	@mkdir -p $(@D)
	$(HOST_CC) $(HOST_FLAGS) -ffreestanding $(TEMPLATE_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/template/aarch64/%.o: %.c
	@mkdir -p $(@D)
	$(CROSS_CC) $(BARE_FLAGS) $(TEMPLATE_FLAGS) -MMD -MP -c $< -o $@

template: $(TEMPLATE_SOURCES:%.c=$(BUILD)/template/host/%.o) ## compile the port to copy from
template: $(TEMPLATE_SOURCES:%.c=$(BUILD)/template/aarch64/%.o)

CHECKS += template
check-template: template
	@echo "$(words $(TEMPLATE_SOURCES) $(TEMPLATE_SOURCES)) passed, 0 failed"

.PHONY: example check-example template check-template

-include $(shell find $(BUILD)/posix $(BUILD)/template -name '*.d' 2>/dev/null)
