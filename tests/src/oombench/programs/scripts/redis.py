# redis.py SOCKET RATE LIMIT WAIT: sets keys at RATE bytes of values a second, up to LIMIT bytes (0: without end).
import socket, sys, time
name, rate, limit, wait = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
# With its header just below a small size class of the allocator, so that a value takes what it says. From 16 KiB on each
# takes up to 4 KiB more, so that caches are used evenly.
SIZE = 10_200
for _ in range(500):
    try:
        server = socket.socket(socket.AF_UNIX)
        server.connect(name)
        break
    except OSError:
        time.sleep(0.05)
else:
    sys.exit("redis did not answer")
if limit == 0:
    print("ready", flush=True)
time.sleep(wait)
if limit == 0:
    print("grow", flush=True)
value, sent, begin = b"v" * SIZE, 0, time.monotonic()
while limit == 0 or sent * SIZE < limit:
    key = b"key:%d" % sent
    server.sendall(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(key), key, SIZE, value))
    server.recv(64)
    sent += 1
    due = begin + sent * SIZE / rate - time.monotonic()
    if due > 0:  # no system call when late: on an emulated machine a timer takes milliseconds
        time.sleep(due)
print("ready", flush=True)
while True:
    server.sendall(b"*1\r\n$4\r\nPING\r\n")
    server.recv(64)
    time.sleep(0.2)
