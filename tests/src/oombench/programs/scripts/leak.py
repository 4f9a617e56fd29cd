# leak.py RATE PORTION WAIT: keeps PORTION bytes more, RATE bytes a second.
import sys, time
rate, portion, wait = float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
print("ready", flush=True)
time.sleep(wait)
print("grow", flush=True)
kept, begin = [], time.monotonic()
while True:
    kept.append(bytearray(b"x") * portion)
    due = begin + len(kept) * portion / rate - time.monotonic()
    if due > 0:  # no system call when late: on an emulated machine a timer takes milliseconds
        time.sleep(due)
