# backends.sh DIR COUNT PAUSE: COUNT clients, one after the other, each with a sort that stays open.
BIN=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
until "$BIN/pg_isready" -q -h "$1"; do sleep 0.1; done
echo ready
echo grow
i=0
while [ $i -lt "$2" ]; do
    "$BIN/psql" -q -h "$1" -U postgres postgres -c "begin; declare c cursor for select g, repeat(md5(g::text), 4) x from generate_series(1, 60000) g order by 2; fetch 1 from c; select pg_sleep(600)" >/dev/null 2>&1 &
    i=$((i + 1))
    sleep "$3"
done
wait
