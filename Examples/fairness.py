# SPDX-License-Identifier: Apache-2.0
"""A thousand clients ask mandelbrot-server for small images at once, beside a flood of large ones. load.sh starts it.

usage: fairness.py PORT CLIENTS IMAGES FLOODERS

Each client asks for IMAGES small images, one after the other; each flooder for one large image after the other until the
clients have theirs. Prints how evenly the clients were served. Ends with an error where an image is not what it should be:
the pixels of a client that was alone. How long anything took decides nothing.
"""
import asyncio
import hashlib
import statistics
import sys
import time
import zlib

SMALL = "/mandelbrot.png?width=60&re=-0.5&im=0&span=3.5&iterations=100"
LARGE = "/mandelbrot.png?width=1200&re=-0.743643887&im=0.131825904&span=0.00001&iterations=1000"


class Client:
    async def connect(self, port):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        return self

    async def get(self, path):
        """A digest of the image's pixels."""
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: fairness\r\n\r\n".encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        file = bytearray()
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            file += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return digest(bytes(file))


def digest(file):
    """When rows are flushed depends on time, and the file on that: only what is in it can be compared."""
    inflate, result, place = zlib.decompressobj(), hashlib.sha256(), 8
    while place < len(file):
        size, kind = int.from_bytes(file[place:place + 4], "big"), file[place + 4:place + 8]
        content = file[place + 8:place + 8 + size]
        assert zlib.crc32(kind + content).to_bytes(4, "big") == file[place + 8 + size:place + 12 + size], kind
        if kind in (b"IHDR", b"IDAT"):
            result.update(content if kind == b"IHDR" else inflate.decompress(content))
        place += 12 + size
    assert inflate.eof, "the image is not whole"
    return result.hexdigest()


async def ask(client, images, expected, took):
    start = time.monotonic()
    for _ in range(images):
        assert await client.get(SMALL) == expected, "a small image has other pixels"
    took.append(time.monotonic() - start)


async def flood(client, expected, done):
    count = 0
    while not done.is_set():
        assert await client.get(LARGE) == expected, "a large image has other pixels"
        count += 1
    return count


async def main(port, clients, images, flooders):
    alone = await Client().connect(port)
    small, large = await alone.get(SMALL), await alone.get(LARGE)
    askers = await asyncio.gather(*(Client().connect(port) for _ in range(clients)))
    others = await asyncio.gather(*(Client().connect(port) for _ in range(flooders)))
    took, done = [], asyncio.Event()
    flooding = [asyncio.create_task(flood(client, large, done)) for client in others]
    await asyncio.gather(*(ask(client, images, small, took) for client in askers))
    done.set()
    floods = await asyncio.gather(*flooding)
    rates = [1 / seconds for seconds in took]
    jain = sum(rates) ** 2 / (len(rates) * sum(rate ** 2 for rate in rates))
    median = statistics.median(took)
    print(f"{clients} clients got {images} small images each, {clients * images / max(took):.0f} a second; "
          f"beside them {flooders} got {sum(floods)} large ones")
    print(f"a client's images took {min(took):.2f} s at least, {median:.2f} s in the median, {max(took):.2f} s at most")
    print(f"slowest over median {max(took) / median:.2f}, Jain's index of the clients' rates {jain:.3f}")


asyncio.run(main(*map(int, sys.argv[1:])))
