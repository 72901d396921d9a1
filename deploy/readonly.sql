-- A PostgreSQL role that may read the documented views and nothing else, for Grafana, ODBC, notebooks and `sql`.
-- As the owner of the tables: psql -f deploy/readonly.sql "postgresql://owner@host/holdings", then \password holdings_reader
-- Again after every `db upgrade`: a view that was made anew has no readers. Running it again does no harm.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'holdings_reader') THEN
        CREATE ROLE holdings_reader LOGIN CONNECTION LIMIT 10;
    END IF;
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO holdings_reader', current_database());
END $$;
-- The first two can be changed by who logs in: they stop mistakes. What stops the rest is that nothing else is granted.
ALTER ROLE holdings_reader SET default_transaction_read_only = on;
ALTER ROLE holdings_reader SET statement_timeout = '30s';
ALTER ROLE holdings_reader SET idle_in_transaction_session_timeout = '5min';
REVOKE CREATE ON SCHEMA public FROM PUBLIC, holdings_reader;
GRANT USAGE ON SCHEMA public TO holdings_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM holdings_reader;
GRANT SELECT ON alembic_version, v_holdings, v_spells, v_events, v_items, v_flows, v_trades, v_coverage, v_deliveries,
    v_snapshots, v_refusals, v_identifiers, v_presence, v_incidents, v_mutes TO holdings_reader;
