# burst.py SIZE WAIT: idles, then loads SIZE bytes at once.
import sys, time
size, wait = int(sys.argv[1]), float(sys.argv[2])
print("ready", flush=True)
time.sleep(wait)
print("grow", flush=True)
rows = [bytearray(b"x") * 100_000 for _ in range(size // 100_000)]
time.sleep(3600)
