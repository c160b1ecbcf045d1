/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SPIs of a VM, between its distributor and the list registers of its vCPUs. All of it is done
 * with the distributor's lock held, which is taken after that of a vCPU's vgic.
 */
#ifndef VGIC_SPI_H
#define VGIC_SPI_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vgic_distributor;
struct vm;

/* What a list register says of an SPI. */
struct vgic_listed {
    bool pending;
    bool active;
};

/* As after a reset: all are levels of vCPU 0, and none is enabled. Takes the lock itself. */
void vgic_spis_reset(struct vm *vm);

/* Sets of SPIs: that pend, and, for a vCPU, that it should take and that it has to end. */
uint32_t vgic_spis_pending(const struct vgic_distributor *distributor);
uint32_t vgic_spis_waiting(const struct vcpu *vcpu);
uint32_t vgic_spis_active(const struct vcpu *vcpu);

/* One SPI, by its bit, goes into a list register of the vCPU, and comes back from it. */
struct vgic_listed vgic_spi_list(struct vcpu *vcpu, uint32_t bit);
void vgic_spi_unlist(struct vcpu *vcpu, uint32_t bit, struct vgic_listed listed);

/*
 * Whether the vCPU, of which no SPI is in a list register now, knows what all others have there. If
 * not, *to_tell is who is to be told, and it asks again.
 */
bool vgic_spis_are_known(struct vcpu *vcpu, uint32_t *to_tell);

/* They are not active any more; those that are in a list register will be so when they are back. */
void vgic_spis_end(struct vm *vm, uint32_t spis);

/* The vCPU with this affinity gets it from now on. */
void vgic_spi_route(struct vm *vm, unsigned int spi, uint64_t affinity);

/* The vCPUs, a bit for each, to which a change of these SPIs matters. */
uint32_t vgic_spis_concern(const struct vm *vm, uint32_t spis);

#endif
