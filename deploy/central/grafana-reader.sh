#!/bin/sh
# Makes the user that Grafana reads with: numbers, and nothing that it could write. PostgreSQL's image runs this once,
# when the database is new; elsewhere: PGDATABASE=fleet sh grafana-reader.sh PASSWORD-FILE, as a superuser.
set -eu
password=$(cat "${1:-/run/secrets/grafana-database-password}")
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname="${POSTGRES_DB:-${PGDATABASE:-fleet}}" \
    --set=password="$password" <<'SQL'
CREATE ROLE grafana LOGIN PASSWORD :'password' CONNECTION LIMIT 10;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';
GRANT USAGE ON SCHEMA public TO grafana;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO grafana;
ALTER DEFAULT PRIVILEGES FOR ROLE fleet IN SCHEMA public GRANT SELECT ON TABLES TO grafana;
SQL
