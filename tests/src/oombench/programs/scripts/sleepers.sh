# sleepers.sh PAUSE: a program that starts another each PAUSE seconds and forgets it.
echo ready
echo grow
while :; do
    sleep 3600 &
    sleep "$1"
done
