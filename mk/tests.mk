# SPDX-License-Identifier: BSD-3-Clause
# Tests on the host. A test tests/PATH.c is the program $(BUILD)/tests/FLAVOUR/PATH.

SUPPORT_SOURCES := tests/support/call.c tests/support/hygiene.c tests/support/rig.c

define test_flavour
$(BUILD)/posix/$(1)/libsupport.a: $(SUPPORT_SOURCES:%.c=$(BUILD)/posix/$(1)/%.o)
	@rm -f $$@
	$$(AR) rcs $$@ $$^

$(BUILD)/tests/$(1)/%: $(BUILD)/posix/$(1)/tests/%.o $(BUILD)/posix/$(1)/libsupport.a \
		$(BUILD)/posix/$(1)/libposix.a
	@mkdir -p $$(@D)
	$$(POSIX_CC_$(1)) -pthread $$^ -lcmocka -o $$@
endef
$(foreach flavour,$(POSIX_FLAVOURS),$(eval $(call test_flavour,$(flavour))))

# Objects are wanted again by the next build.
.SECONDARY:

# --- Unit tests -----------------------------------------------------------------------------------

UNIT_TESTS := $(patsubst tests/%.c,%,$(wildcard tests/unit/*.c))

CHECKS += unit unit-asan
check-unit: $(UNIT_TESTS:%=$(BUILD)/tests/plain/%)
	@tests/support/run $^

check-unit-asan: $(UNIT_TESTS:%=$(BUILD)/tests/asan/%)
	@tests/support/run $^

unit: check-unit ## run the unit tests

.PHONY: unit check-unit check-unit-asan
