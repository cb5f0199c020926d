#include "sallyportd/steer.h"

#include "lib/esptun.h"
#include "lib/worker.h"

#include <string.h>

#define OFF_ISPI	0
#define OFF_RSPI	8
#define OFF_IP4_SRC	12
#define OFF_IP6_SRC	8
#define OFF_VERSION	17
#define OFF_FLAGS	19
#define FLAG_INITIATOR	0x08
#define IKEV2		0x20
#define MARKER_LEN	4
#define WORKER_MASK	0x1f	/* ENGINE_WORKER_BITS of ikepd */

/* Places in the program after the check of the marker */
enum {
	L_VERSION,
	L_IS_V2,
	L_FLAGS,
	L_IS_INIT,
	L_RSPI_HI,
	L_RSPI_HI_NZ,
	L_RSPI_LO,
	L_RSPI_LO_NZ,
	L_LD_RSPI,
	L_JA_WORKER,
	L_LD_ISPI,
	L_WORKER,
	L_JA_MOD,
	L_HASH,
	L_IP_VERSION,
	L_IS_IP6,
	L_IP4,
	L_JA_MUL,
	L_IP6,
	L_TAX_1,
	L_IP6_1,
	L_XOR_1,
	L_TAX_2,
	L_IP6_2,
	L_XOR_2,
	L_TAX_3,
	L_IP6_3,
	L_XOR_3,
	L_HASH_MUL,
	L_HASH_SHIFT,
	L_MOD,
	L_RET,
	L_END
};

#define TO(from, to)	((unsigned char)((to) - (from) - 1))
#define LDB(off)	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (off))
#define LDW(off)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (off))
#define ALU(op, k)	BPF_STMT(BPF_ALU | BPF_K | (op), (k))
#define JUMP(op, k, at, yes, no)					\
	BPF_JUMP(BPF_JMP | BPF_K | (op), (k), TO(at, yes), TO(at, no))
#define TAX		BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define XOR		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0)
/* The network header, which lies before what a socket's program sees */
#define NET(off)	((unsigned)SKF_NET_OFF + (off))
#define JA(at, to)	BPF_STMT(BPF_JMP | BPF_JA, TO(at, to))

size_t
steer_program(struct sock_filter *out, unsigned workers, unsigned threads,
    bool natt)
{
	const unsigned h = natt ? MARKER_LEN : 0;
	const struct sock_filter marker[] = {
		LDW(0),
		BPF_JUMP(BPF_JMP | BPF_K | BPF_JEQ, 0, 4, 0),
		/* ESP: its first word is the SPI */
		ALU(BPF_RSH, ESPTUN_SPI_SHIFT),
		ALU(BPF_MOD, threads == 0 ? 1 : threads),
		ALU(BPF_ADD, threads == 0 ? 0 : workers),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct sock_filter choose[L_END] = {
		[L_VERSION] = LDB(h + OFF_VERSION),
		[L_IS_V2] = JUMP(BPF_JGE, IKEV2, L_IS_V2, L_FLAGS, L_HASH),
		[L_FLAGS] = LDB(h + OFF_FLAGS),
		[L_IS_INIT] = JUMP(BPF_JSET, FLAG_INITIATOR, L_IS_INIT,
		    L_RSPI_HI, L_LD_ISPI),
		[L_RSPI_HI] = LDW(h + OFF_RSPI),
		[L_RSPI_HI_NZ] = JUMP(BPF_JEQ, 0, L_RSPI_HI_NZ, L_RSPI_LO,
		    L_LD_RSPI),
		[L_RSPI_LO] = LDW(h + OFF_RSPI + 4),
		[L_RSPI_LO_NZ] = JUMP(BPF_JEQ, 0, L_RSPI_LO_NZ, L_HASH,
		    L_LD_RSPI),
		[L_LD_RSPI] = LDB(h + OFF_RSPI),
		[L_JA_WORKER] = JA(L_JA_WORKER, L_WORKER),
		[L_LD_ISPI] = LDB(h + OFF_ISPI),
		[L_WORKER] = ALU(BPF_AND, WORKER_MASK),
		[L_JA_MOD] = JA(L_JA_MOD, L_MOD),
		[L_HASH] = LDB(NET(0)),
		[L_IP_VERSION] = ALU(BPF_AND, 0xf0),
		[L_IS_IP6] = JUMP(BPF_JEQ, 0x60, L_IS_IP6, L_IP6, L_IP4),
		[L_IP4] = LDW(NET(OFF_IP4_SRC)),
		[L_JA_MUL] = JA(L_JA_MUL, L_HASH_MUL),
		[L_IP6] = LDW(NET(OFF_IP6_SRC)),
		[L_TAX_1] = TAX,
		[L_IP6_1] = LDW(NET(OFF_IP6_SRC + 4)),
		[L_XOR_1] = XOR,
		[L_TAX_2] = TAX,
		[L_IP6_2] = LDW(NET(OFF_IP6_SRC + 8)),
		[L_XOR_2] = XOR,
		[L_TAX_3] = TAX,
		[L_IP6_3] = LDW(NET(OFF_IP6_SRC + 12)),
		[L_XOR_3] = XOR,
		[L_HASH_MUL] = ALU(BPF_MUL, WORKER_MUL),
		[L_HASH_SHIFT] = ALU(BPF_RSH, WORKER_SHIFT),
		[L_MOD] = ALU(BPF_MOD, workers),
		[L_RET] = BPF_STMT(BPF_RET | BPF_A, 0),
	};
	size_t n = 0;

	if (natt) {
		memcpy(out, marker, sizeof(marker));
		n = sizeof(marker) / sizeof(marker[0]);
	}
	memcpy(out + n, choose, sizeof(choose));
	return n + L_END;
}
