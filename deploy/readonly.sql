-- A PostgreSQL role that may read the documented views and nothing else, for Grafana, ODBC, notebooks and `sql`.
-- psql -v password="'…'" -f deploy/readonly.sql "postgresql://owner@host/holdings", as the owner of the tables.
CREATE ROLE holdings_reader LOGIN PASSWORD :password NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 10;
ALTER ROLE holdings_reader SET default_transaction_read_only = on;
ALTER ROLE holdings_reader SET statement_timeout = '30s';
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM holdings_reader;
GRANT USAGE ON SCHEMA public TO holdings_reader;
GRANT SELECT ON alembic_version, v_holdings, v_spells, v_events, v_items, v_flows, v_trades, v_coverage, v_deliveries,
    v_snapshots, v_refusals, v_identifiers, v_presence, v_incidents, v_mutes TO holdings_reader;
