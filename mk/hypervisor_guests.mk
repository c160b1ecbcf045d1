# SPDX-License-Identifier: BSD-3-Clause
# Tables of VMs that a user describes in a text, with images of any kind: docs/guests.md.

GUESTS_TOOL := tools/guests

# Argument: a text. The name of its table, also where it lies.
guests-folder = $(HYPERVISOR_BUILD)/tables/$(call guests-table,$(1))

# Its files below $$BUILD, which rules of ours may have to make first.
guests-needs = $(shell sed -nE 's/^ *(image|tree|ramdisk) *= *\$$BUILD(\/[^ ]*).*/$(subst /,\/,$(BUILD))\2/p' $(1))

# Argument: a text. Makes $(HYPERVISOR_BUILD)/hypervisor-TABLE.bin, for the TABLE of this name. The
# tool says in files.d, which hypervisor.mk includes, of which files the table is made.
define guests-rules
$(call guests-folder,$(1))/table.c: $(1) $(GUESTS_TOOL) $(call guests-needs,$(1))
	$(GUESTS_TOOL) --set BUILD=$(BUILD) $(1) $$(@D)

$(call guests-folder,$(1))/table.o: $(call guests-folder,$(1))/table.c
	$$(CROSS_CC) $$(HYPERVISOR_FLAGS) -c -o $$@ $$<

$(HYPERVISOR_BUILD)/hypervisor-$(call guests-table,$(1)).elf: $(HYPERVISOR_BUILD)/link.ld \
		$(call guests-folder,$(1))/table.o $$(HYPERVISOR_OBJECTS)
	$$(HYPERVISOR_LINK) -T $$< -o $$@ $$(filter %.o,$$^)
endef

ifdef GUESTS
$(if $(filter 1,$(words $(GUESTS))),,$(error GUESTS is one file, without blanks in its name))
$(if $(wildcard $(GUESTS)),,$(error GUESTS=$(GUESTS) is not there))
$(eval $(call guests-rules,$(GUESTS)))

# As long as the guests run. What is typed goes to one of them, also Ctrl-C.
hypervisor-run = if [ -t 0 ]; then echo 'Ctrl-A X ends the run'; $(subst \
	-serial stdio,-serial mon:stdio,$(call hypervisor-command,$(1))); \
	else $(call hypervisor-command,$(1)) </dev/null; fi
endif

# --- Tests ----------------------------------------------------------------------------------------

GUESTS_TESTS       := tests/guests_table
GUESTS_TEST_BUILD  := $(BUILD)/$(GUESTS_TESTS)
GUESTS_TEST_TABLES := $(wildcard $(GUESTS_TESTS)/*.guests)
GUESTS_TEST_IMAGES := $(foreach text,$(GUESTS_TEST_TABLES),\
	$(HYPERVISOR_BUILD)/hypervisor-$(call guests-table,$(text)).bin)
$(foreach text,$(filter-out $(GUESTS),$(GUESTS_TEST_TABLES)),$(eval $(call guests-rules,$(text))))

# A raw image, and the same program as something that passes for a Linux kernel with a large bss.
VISITOR_LINUX := -DLINUX -DLINUX_OFFSET=0x80000 -DLINUX_BYTES=0x600000
VISITOR_DEPENDS := $(addprefix $(GUESTS_TESTS)/visitor,.S .c .ld)
visitor-link = $(CROSS_CC) $(BARE_FLAGS) $(1) -nostdlib -static -Wl,--build-id=none \
	-Wl,--no-warn-rwx-segments -Wl,-z,noexecstack -T $(GUESTS_TESTS)/visitor.ld -o $@ \
	$(GUESTS_TESTS)/visitor.S $(GUESTS_TESTS)/visitor.c

$(GUESTS_TEST_BUILD)/visitor.elf: $(VISITOR_DEPENDS)
	@mkdir -p $(@D)
	$(call visitor-link)

$(GUESTS_TEST_BUILD)/visitor_linux.elf: $(VISITOR_DEPENDS)
	@mkdir -p $(@D)
	$(call visitor-link,$(VISITOR_LINUX))

$(GUESTS_TEST_BUILD)/%.bin: $(GUESTS_TEST_BUILD)/%.elf
	$(CROSS)objcopy -O binary $< $@

$(GUESTS_TEST_BUILD)/ramdisk.txt:
	@mkdir -p $(@D)
	echo 'what is in the ramdisk' >$@

CHECKS += guests-table
check-guests-table: $(MONITOR_1.2) $(GUESTS_TEST_IMAGES)
	@IMAGES='$(HYPERVISOR_BUILD)' FOLDER='$(GUESTS_TEST_BUILD)' CROSS='$(CROSS)' \
		MACHINE='$(call hypervisor-qemu,$(MONITOR_1.2),@IMAGE@)' $(GUESTS_TESTS)/run

.PHONY: check-guests-table
