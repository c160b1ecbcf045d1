# SPDX-License-Identifier: BSD-3-Clause
"""What the hypervisor has and allows: hypervisor/table.h, hypervisor/machine.h and
guests/scenarios/world.h, where a test sees to it that both say the same."""

TABLE_VCPUS_MAX = 8
TABLE_RXTX_PAGES_MAX = 16
TABLE_NAME_CHARS_MAX = 12

WORLD_VM_ID_FIRST = 1
WORLD_VMS_MAX = 0x40
WORLD_PEERS_MAX = 8
WORLD_UUIDS_MAX = 3

PAGE_BYTES = 4096
ADDRESS_BITS = 39

# The hypervisor's image, and behind it what it takes for itself, which the files must leave free.
HYPERVISOR_BASE = 0x40200000
VM_RAM_BASE = 0x48000000
HYPERVISOR_OWN_BYTES = 47 << 20

# Physical RAM, and that of it for VMs.
RAM_BASE = 0x40000000
RAM_END = 0x80000000
HIGH_RAM_BASE = 0xC6000000
HIGH_RAM_END = 0xFF000000
RAM_BYTES = RAM_END - VM_RAM_BASE + HIGH_RAM_END - HIGH_RAM_BASE

# Where a VM's devices are unless its section says otherwise.
VM_GICD_IPA = 0x08000000
VM_GICR_IPA = 0x080A0000
VM_GICR_STRIDE = 0x20000
VM_UART_IPA = 0x09000000
VM_UART_INTID = 33

GIC_ALIGNMENT = 0x10000
GICD_BYTES = 0x10000
UART_BYTES = 0x1000
FIRST_SPI = 32
