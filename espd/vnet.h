/*
 * The virtio network header before each packet of the TUN: what is still to
 * be done to the packet (checksum, segmentation).  Of the native byte order.
 */
#ifndef ESPD_VNET_H
#define ESPD_VNET_H

#include <stdint.h>

#define VNET_NEEDS_CSUM	1

#define VNET_GSO_NONE	0
#define VNET_GSO_TCP4	1
#define VNET_GSO_UFO	3
#define VNET_GSO_TCP6	4
#define VNET_GSO_UDP	5	/* UDP_L4: kernels from 6.2 on */
#define VNET_GSO_ECN	0x80

struct vnet {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;	/* payload of each segment */
	uint16_t csum_start;	/* where the sum begins */
	uint16_t csum_offset;	/* from there on: where it goes */
};

_Static_assert(sizeof(struct vnet) == 10, "virtio_net_hdr");

#endif
