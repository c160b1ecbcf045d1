/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_ID_GET and FFA_SPM_ID_GET (FF-A 1.2, 13.10 and 13.11). */
#include "internal.h"

int32_t parley_handle_id_get(const struct call *call, struct parley_regs *result)
{
    result->x[2] = call->vm->id;
    return FFA_OK;
}

int32_t parley_handle_spm_id_get(const struct call *call, struct parley_regs *result)
{
    result->x[2] = call->vm->parley->spmc.id;
    return FFA_OK;
}
