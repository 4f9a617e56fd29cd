# logs.py FILE RATE WAIT: writes RATE bytes of log a second.
import sys, time
name, rate, wait = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
line = b"2026-01-01T00:00:00Z INFO request served in 12 ms status=200 path=/api/v1/items\n" * 100
print("ready", flush=True)
time.sleep(wait)
print("grow", flush=True)
written, begin = 0, time.monotonic()
with open(name, "wb", buffering=0) as log:
    while True:
        try:
            written += log.write(line)
        except OSError:
            time.sleep(0.01)
        due = begin + written / rate - time.monotonic()
        if due > 0:  # no system call when late: on an emulated machine a timer takes milliseconds
            time.sleep(due)
