# postgres.sh DIR: a server on a socket in DIR, with settings as one finds them: much memory for each sort.
set -e
BIN=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
exec "$BIN/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c shared_buffers=16MB -c work_mem=256MB \
    -c max_connections=60 -c max_parallel_workers_per_gather=0 -c jit=off -c autovacuum=off
