# pool.py WORKERS RATE WAIT BASE: a server with workers of which one leaks RATE bytes a second.
import os, sys, time
workers, rate, wait, base = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
leaker = workers // 2

def serve(number):
    cache = bytearray(b"x") * base
    kept, begin = [], None
    while True:
        request = [bytes(2000) for _ in range(200)]
        time.sleep(0.05)
        del request
        if number == leaker and time.monotonic() - start > wait:
            if begin is None:
                begin = time.monotonic()
                print("grow", os.getpid(), flush=True)
            while len(kept) * 50_000 < (time.monotonic() - begin) * rate:
                kept.append(bytearray(b"x") * 50_000)

print("ready", flush=True)
start = time.monotonic()
for number in range(workers):
    if os.fork() == 0:
        serve(number)
while True:
    time.sleep(3600)
