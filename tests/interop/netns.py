"""Packet sockets in network namespaces, and packets built and taken apart.

For the programs of the interoperability cases that say byte for byte what
goes into a tunnel and look byte for byte at what comes out.
"""
import ctypes
import fcntl
import os
import select
import socket
import struct
import time

ETH_P_ALL = 3
ETH_IP, ETH_IP6 = 0x0800, 0x86dd
CLONE_NEWNET = 0x40000000
SOL_PACKET, PACKET_VNET_HDR = 263, 15
VNET_LEN = 10
NEEDS_CSUM, GSO_UDP = 1, 5
SIOCGIFHWADDR = 0x8927
PATIENCE = 5            # seconds a packet may be on its way

libc = ctypes.CDLL(None, use_errno=True)


class Fault(Exception):
    """What was seen is not what should have been."""


class Within:
    """with Within('gw1'): sockets made in here belong to that namespace."""

    home = open('/proc/self/ns/net')

    def __init__(self, node):
        self.path = f'/run/netns/{node}'

    def enter(self, f):
        if libc.setns(f.fileno(), CLONE_NEWNET) == -1:
            raise OSError(ctypes.get_errno(), f'setns {f.name}')

    def __enter__(self):
        with open(self.path) as f:
            self.enter(f)

    def __exit__(self, *_):
        self.enter(self.home)


def mac_of(node, device):
    with Within(node), socket.socket(socket.AF_INET,
                                     socket.SOCK_DGRAM) as s:
        r = fcntl.ioctl(s, SIOCGIFHWADDR,
                        struct.pack('16s24x', device.encode()))
        return r[18:24]


class Link:
    """A device of a node, seen and used below IP."""

    def __init__(self, node, device):
        self.mac = mac_of(node, device)
        with Within(node):
            self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                   socket.htons(ETH_P_ALL))
        self.s.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)
        self.s.bind((device, ETH_P_ALL))
        self.s.setblocking(False)

    def send(self, ip, to):
        """Sends an IP packet to the neighbour of that MAC address."""
        kind = ETH_IP if ip[0] >> 4 == 4 else ETH_IP6
        self.s.send(bytes(VNET_LEN) + to + self.mac +
                    struct.pack('!H', kind) + ip)

    def packets(self):
        """IP packets that have come in (not those that went out)."""
        while True:
            try:
                data, addr = self.s.recvfrom(VNET_LEN + 14 + 65535)
            except BlockingIOError:
                return
            if addr[2] == socket.PACKET_OUTGOING or \
                    addr[1] not in (ETH_IP, ETH_IP6):
                continue
            ip = trim(data[VNET_LEN + 14:])
            flags, gso, _, size, start, at = struct.unpack(
                '<BBHHHH', data[:VNET_LEN])
            if gso == GSO_UDP and size < len(ip):
                yield from segments(ip, start - 14, size)
                continue
            if flags & NEEDS_CSUM:
                ip = finish(ip, start - 14, at)
            yield ip

    def wait(self, seconds):
        return bool(select.select([self.s], [], [], seconds)[0])

    def drain(self):
        for _ in self.packets():
            pass

    def collect(self, wanted, count, patience=PATIENCE):
        """count packets for which wanted() is true, in their order."""
        got, end = [], time.monotonic() + patience
        while len(got) < count:
            left = end - time.monotonic()
            if left <= 0 or not self.wait(left):
                raise Fault(f'{len(got)} of {count} packets arrived')
            got += [p for p in self.packets() if wanted(p)]
        return got


def trim(frame):
    """Without what Ethernet adds to short packets."""
    n = struct.unpack('!H', frame[2:4])[0] if frame[0] >> 4 == 4 else \
        40 + struct.unpack('!H', frame[4:6])[0]
    return frame[:n]


def segments(ip, start, size):
    """The datagrams that the device was to make of a larger one; their
    checksums are not looked at."""
    for n in range(start + 8, len(ip), size):
        body = ip[n:n + size]
        udp = ip[start:start + 4] + struct.pack('!HH', 8 + len(body), 0)
        yield lengthened(ip[:start] + udp + body)


def lengthened(ip):
    """With the length that it has."""
    if ip[0] >> 4 == 4:
        return normal(ip[:2] + struct.pack('!H', len(ip)) + ip[4:])
    return ip[:4] + struct.pack('!H', len(ip) - 40) + ip[6:]


def finish(ip, start, at):
    """A checksum that was left to the device."""
    c = csum(ip[start:])
    return ip[:start + at] + struct.pack('!H', c or 0xffff) + \
        ip[start + at + 2:]


# ---- building ----------------------------------------------------------

def csum(data):
    if len(data) & 1:
        data += b'\0'
    n = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def addr(text):
    return socket.inet_pton(
        socket.AF_INET6 if ':' in text else socket.AF_INET, text)


def ip4(src, dst, proto, body, tos=0, ident=0, df=False, ttl=64,
        options=b'', offset=0, more=False):
    h = struct.pack('!BBHHHBBH4s4s', 0x45 + len(options) // 4, tos,
                    20 + len(options) + len(body), ident,
                    (df << 14) | (more << 13) | offset // 8, ttl, proto, 0,
                    addr(src), addr(dst)) + options
    return h[:10] + struct.pack('!H', csum(h)) + h[12:] + body


def ip6(src, dst, proto, body, tos=0, flow=0, ttl=64):
    return struct.pack('!IHBB', 6 << 28 | tos << 20 | flow, len(body), proto,
                       ttl) + addr(src) + addr(dst) + body


def ip(src, dst, proto, body, tos=0, **more):
    return (ip6 if ':' in src else ip4)(src, dst, proto, body, tos, **more)


def pseudo(src, dst, proto, n):
    return addr(src) + addr(dst) + struct.pack('!II', n, proto)


def udp(src, dst, sport, dport, data):
    n = 8 + len(data)
    h = struct.pack('!HHHH', sport, dport, n, 0)
    c = csum(pseudo(src, dst, 17, n) + h + data) or 0xffff
    return h[:6] + struct.pack('!H', c) + data


def echo(src, dst, ident, seq, data):
    six = ':' in src
    h = struct.pack('!BBHHH', 128 if six else 8, 0, 0, ident, seq) + data
    c = csum((pseudo(src, dst, 58, len(h)) if six else b'') + h)
    return h[:2] + struct.pack('!H', c) + h[4:]


# ---- taking apart ------------------------------------------------------

def normal(p, hops=0):
    """As it was hops routers earlier."""
    if p[0] >> 4 == 6:
        return p[:7] + bytes([p[7] + hops]) + p[8:]
    n = (p[0] & 15) * 4
    h = p[:8] + bytes([p[8] + hops]) + p[9:10] + b'\0\0' + p[12:n]
    return h[:10] + struct.pack('!H', csum(h)) + h[12:] + p[n:]


def sane(p):
    """The header's own checksum is right."""
    return p[0] >> 4 == 6 or csum(p[:(p[0] & 15) * 4]) == 0


def source(p):
    return p[12:16] if p[0] >> 4 == 4 else p[8:24]


def destination(p):
    return p[16:20] if p[0] >> 4 == 4 else p[24:40]


def tos_of(p):
    return p[1] if p[0] >> 4 == 4 else \
        struct.unpack('!H', p[:2])[0] >> 4 & 0xff


def with_tos(p, tos):
    if p[0] >> 4 == 6:
        return struct.pack('!H', 6 << 12 | tos << 4 |
                           (p[1] & 15)) + p[2:]
    return normal(p[:1] + bytes([tos]) + p[2:])


def fragment4(p):
    """(offset, more) of an IPv4 packet."""
    v = struct.unpack('!H', p[6:8])[0]
    return (v & 0x1fff) * 8, bool(v & 0x2000)


def cut4(p, size):
    """An IPv4 packet in fragments of at most size bytes."""
    n = (p[0] & 15) * 4
    step, out = (size - n) // 8 * 8, []
    for at in range(0, len(p) - n, step):
        body = p[n + at:n + at + step]
        v = at // 8 | (at + step < len(p) - n) << 13
        out.append(normal(p[:2] + struct.pack('!H', n + len(body)) + p[4:6] +
                          struct.pack('!H', v) + p[8:n] + body))
    return out


def cut6(p, size, ident):
    """An IPv6 packet without extension headers in fragments."""
    step, out = (size - 48) // 8 * 8, []
    for at in range(0, len(p) - 40, step):
        body = p[40 + at:40 + at + step]
        more = at + step < len(p) - 40
        out.append(p[:4] + struct.pack('!HB', 8 + len(body), 44) + p[7:40] +
                   struct.pack('!BBHI', p[6], 0, at | more, ident) + body)
    return out


class Whole4:
    """Puts IPv4 packets together again; options are those of the first."""

    def __init__(self):
        self.parts = {}

    def add(self, p):
        """The packet that is complete with this one, or None."""
        at, more = fragment4(p)
        if at == 0 and not more:
            return p
        n = (p[0] & 15) * 4
        key = p[4:6] + p[9:10] + p[12:20]
        have = self.parts.setdefault(key, {})
        if at in have:
            raise Fault(f'a fragment at {at} came twice')
        have[at] = (p, n, more)
        end = 0
        while end in have and have[end][2]:
            end += len(have[end][0]) - have[end][1]
        if end not in have:
            return None
        del self.parts[key]
        head, n, _ = have[0]
        body = b''.join(have[k][0][have[k][1]:] for k in sorted(have))
        v = struct.unpack('!H', head[6:8])[0] & ~0x2000
        return normal(head[:2] + struct.pack('!H', n + len(body)) +
                      head[4:6] + struct.pack('!H', v) + head[8:n] + body)


def differ(want, got):
    """Says where two packets differ."""
    at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b),
              min(len(want), len(got)))
    return (f'{len(want)} bytes sent, {len(got)} arrived, different from '
            f'byte {at}: {want[at:at + 16].hex()} sent, '
            f'{got[at:at + 16].hex()} arrived')


def main(kinds, argv):
    """Runs kinds[argv[1]](*argv[2:]); what it finds wrong is the status."""
    try:
        said = kinds[argv[1]](*argv[2:])
    except Fault as f:
        print(f)
        os._exit(1)
    if said is not None:
        print(said)
