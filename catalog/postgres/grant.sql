-- One consumer's share of the server: a role that owns a database of the same name. May be run again.
\set ON_ERROR_STOP on
\getenv name GRANT_NAME
\getenv secret GRANT_SECRET

SELECT format('CREATE ROLE %I LOGIN', :'name')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" LOGIN PASSWORD :'secret';

SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
-- By default every role may connect to every database.
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
