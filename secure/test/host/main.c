/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

int main(void)
{
    int failed = run_version_tests();

    failed += run_buffer_tests();
    failed += run_discovery_tests();
    failed += run_hostile_tests();
    failed += run_direct_tests();
    failed += run_partition_tests();
    failed += run_availability_tests();
    failed += run_indirect_tests();
    failed += run_notification_tests();
    failed += run_notification_info_tests();
    failed += run_memory_send_tests();
    failed += run_memory_shape_tests();
    failed += run_memory_fragment_tests();
    failed += run_memory_retrieve_tests();
    failed += run_memory_told_tests();
    failed += run_memory_return_tests();
    failed += run_memory_command_tests();
    failed += run_memory_cpu_tests();
    failed += run_memory_hostile_tests();
    return failed == 0 ? 0 : 1;
}
