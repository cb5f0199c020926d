/* What a data plane in user space and those around it agree upon. */
#ifndef LIB_ESPTUN_H
#define LIB_ESPTUN_H

#define ESPTUN_NAME	"sallyport0"
/* On the sockets of IKE and ESP: what they send goes past the routes into
 * the tunnels. */
#define ESPTUN_MARK	0x53616c79u
/* On IPv6 packets that come out of the device. */
#define ESPTUN_IN_MARK	0x53616c69u
#define ESPTUN_THREADS	16	/* packet threads at most */

/*
 * The low bits of an inbound SPI name the worker of ikepd (keymgr/spi.h), so
 * the packet thread is in those above: the kernel's filters and espd take
 * (SPI >> ESPTUN_SPI_SHIFT) % threads.
 */
#define ESPTUN_SPI_SHIFT	6

#endif
