# restarts.sh SIZE SECONDS: a service that is restarted every few SECONDS and grows to SIZE bytes each time.
echo ready
while :; do
    timeout -s TERM "$2" /usr/bin/python3 cache.py "$1" "$2" >/dev/null
done
