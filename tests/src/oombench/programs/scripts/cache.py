# cache.py SIZE SECONDS: fills a cache of SIZE bytes within SECONDS and stays.
import sys, time
size, seconds = int(sys.argv[1]), float(sys.argv[2])
cache, begin = {}, time.monotonic()
print("ready", flush=True)
while len(cache) * 50_000 < size:
    cache[len(cache)] = bytearray(b"x") * 50_000
    due = begin + len(cache) * 50_000 / size * seconds - time.monotonic()
    if due > 0:  # no system call when late: on an emulated machine a timer takes milliseconds
        time.sleep(due)
while True:
    for key in list(cache)[:50]:
        cache[key] = bytearray(b"y") * 50_000
    time.sleep(0.1)
