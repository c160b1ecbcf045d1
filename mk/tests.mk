# SPDX-License-Identifier: BSD-3-Clause
# Tests on the host. A test tests/PATH.c is the program $(BUILD)/tests/FLAVOUR/PATH.

SUPPORT_SOURCES := tests/support/call.c tests/support/grant.c tests/support/hygiene.c tests/support/rig.c

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

# ThreadSanitizer needs its address space where it expects it; some kernels shuffle too well.
RUN_TSAN := setarch -R true 2>/dev/null && export PARLEY_RUN="setarch -R"; tests/support/run

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

# --- Scenarios ------------------------------------------------------------------------------------

# The guest programs of mk/guests.mk as threads: each under a name of its own, in one process.
PROGRAMS_INC := $(BUILD)/tests/programs.inc

$(PROGRAMS_INC): mk/guests.mk
	@mkdir -p $(@D)
	printf 'PROGRAM(%s)\n' $(GUEST_HOST_NAMES) >$@

SCENARIO_FLAGS := -Iguests/include -Iguests/lib -Iguests/scenarios -I$(BUILD)/tests
GUEST_ON_HOST_FLAGS := $(SCENARIO_FLAGS) -Dsecure_partitions=scenario_partitions

# Arguments: flavour, name, program, flag.
define scenario_program
$(BUILD)/tests/$(1)/programs/$(2).o: guests/$(3).c
	@mkdir -p $$(@D)
	$$(POSIX_CC_$(1)) $$(POSIX_FLAGS) $(GUEST_ON_HOST_FLAGS) -Dguest_main=$(2)_main $(4) -MMD -MP -c $$< -o $$@
endef

define scenario_flavour
$(foreach image,$(GUEST_IMAGES),$(eval $(call scenario_program,$(1),$(call \
	guest_name,$(image)),$(call guest_program,$(image)),$(call guest_flag,$(image)))))

$(BUILD)/posix/$(1)/guests/%.o: POSIX_FLAGS += $(GUEST_ON_HOST_FLAGS)
$(BUILD)/posix/$(1)/tests/scenarios/%.o: POSIX_FLAGS += $(SCENARIO_FLAGS)
$(BUILD)/posix/$(1)/tests/scenarios/scenarios.o: $(PROGRAMS_INC)

$(BUILD)/tests/$(1)/scenarios: $(BUILD)/posix/$(1)/tests/scenarios/scenarios.o \
		$(GUEST_HOST_NAMES:%=$(BUILD)/tests/$(1)/programs/%.o) \
		$(patsubst guests/%.c,$(BUILD)/posix/$(1)/guests/%.o,$(filter guests/%,$(GUEST_LIB_SOURCES))) \
		$(BUILD)/posix/$(1)/libposix.a
	$$(POSIX_CC_$(1)) -pthread $$^ -o $$@
endef
$(foreach flavour,$(POSIX_FLAVOURS),$(eval $(call scenario_flavour,$(flavour))))

CHECKS += scenarios scenarios-asan scenarios-tsan
check-scenarios: $(BUILD)/tests/plain/scenarios
	@tests/support/run $<

check-scenarios-asan: $(BUILD)/tests/asan/scenarios
	@tests/support/run $<

check-scenarios-tsan: $(BUILD)/tests/tsan/scenarios
	@$(RUN_TSAN) $<

scenarios: check-scenarios ## run the guest programs on the host, as threads

.PHONY: scenarios check-scenarios check-scenarios-asan check-scenarios-tsan

-include $(wildcard $(BUILD)/tests/*/programs/*.d)

# --- Faults ---------------------------------------------------------------------------------------

FAULTS_TESTS := $(patsubst tests/%.c,%,$(wildcard tests/faults/*.c))

CHECKS += faults
check-faults: $(FAULTS_TESTS:%=$(BUILD)/tests/asan/%)
	@tests/support/run $^

.PHONY: check-faults

# --- Stress ---------------------------------------------------------------------------------------

# What a program of these has beside the file of its own name.
define stress_flavour
$(BUILD)/tests/$(1)/stress/stress: $(BUILD)/posix/$(1)/tests/stress/calls.o
$(BUILD)/tests/$(1)/stress/traffic: $(BUILD)/posix/$(1)/tests/stress/traffic_steps.o
$(BUILD)/tests/$(1)/stress/notification_walk: $(BUILD)/posix/$(1)/tests/stress/notification_model.o
$(BUILD)/tests/$(1)/stress/memory_walk: $(addprefix $(BUILD)/posix/$(1)/tests/stress/,memory_choices.o memory_model.o memory_model_retrieve.o)
endef
$(foreach flavour,$(POSIX_FLAVOURS),$(eval $(call stress_flavour,$(flavour))))

CHECKS += stress-tsan stress-asan traffic-tsan traffic-asan lending-tsan lending-asan

check-stress-tsan: $(BUILD)/tests/tsan/stress/stress
	@$(RUN_TSAN) $<

check-stress-asan: $(BUILD)/tests/asan/stress/stress
	@tests/support/run $<

check-traffic-tsan: $(BUILD)/tests/tsan/stress/traffic
	@$(RUN_TSAN) $<

check-traffic-asan: $(BUILD)/tests/asan/stress/traffic
	@tests/support/run $<

check-lending-tsan: $(BUILD)/tests/tsan/stress/lending
	@$(RUN_TSAN) $<

check-lending-asan: $(BUILD)/tests/asan/stress/lending
	@tests/support/run $<

# A million calls beside a model of what they must do.
CHECKS += notification-model
check-notification-model: $(BUILD)/tests/asan/stress/notification_walk
	@tests/support/run $<

# And a million of those that grant memory.
CHECKS += memory-model
check-memory-model: $(BUILD)/tests/asan/stress/memory_walk
	@tests/support/run $<

.PHONY: check-notification-model check-memory-model

stress: check-lending-tsan check-lending-asan
stress: check-stress-tsan check-stress-asan check-traffic-tsan check-traffic-asan ## run many vCPUs under the sanitizers (STRESS_SECONDS=15)

.PHONY: stress check-stress-tsan check-stress-asan check-traffic-tsan check-traffic-asan
.PHONY: check-lending-tsan check-lending-asan
