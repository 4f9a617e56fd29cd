# churn.py SIZE PERIOD: builds up to SIZE bytes and drops them, every PERIOD seconds.
import sys, time
size, period = int(sys.argv[1]), float(sys.argv[2])
print("ready", flush=True)
while True:
    rows = []
    for _ in range(20):
        rows.extend(bytearray(b"x") * 50_000 for _ in range(size // 50_000 // 20))
        time.sleep(period / 20)
    del rows
