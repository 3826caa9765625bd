-- Who may do what in Refrain's database. Run it in that database as somebody who may make roles and owns the tables,
-- or may become who does:
--
--     refrain migrate roles | psql --set ON_ERROR_STOP=1 --single-transaction DATABASE
--
-- once, and again after an update of the program that made tables. Nobody gets a password here: give the roles one
-- (\password), or have them sign in by certificate (pg_hba.conf).

-- Roles that are there already stay as they are.
DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY[{owner:text}, {server:text}, {worker:text}] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', name);
        END IF;
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I, %I, %I', current_database(), {owner:text}, {server:text}, {worker:text});
END $$;

-- The owner makes tables and changes them: 'refrain migrate', 'refrain migrate tables', 'refrain ledger rotate-key'.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO {owner};
GRANT USAGE ON SCHEMA public TO {server}, {worker};
DO $$
DECLARE
    it RECORD;
BEGIN
    FOR it IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
            AND pg_get_userbyid(c.relowner) <> {owner:text} LOOP
        EXECUTE format('ALTER TABLE public.%I OWNER TO %I', it.relname, {owner:text});
    END LOOP;
    FOR it IN SELECT p.oid::regprocedure AS name FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
            AND pg_get_userbyid(p.proowner) <> {owner:text}
            AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO %I', it.name, {owner:text});
    END LOOP;
    FOR it IN SELECT t.typname FROM pg_type t WHERE t.typnamespace = 'public'::regnamespace AND t.typtype = 'e'
            AND pg_get_userbyid(t.typowner) <> {owner:text} LOOP
        EXECUTE format('ALTER TYPE public.%I OWNER TO %I', it.typname, {owner:text});
    END LOOP;
END $$;

-- Servers read and write rows. What was entered into the ledger or the audit's record they can't change, whatever
-- becomes of the triggers that forbid it.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {server}, {worker};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {server};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {server};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {server};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {server};
DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['ledger', 'audit', 'goose_db_version', 'river_migration'] LOOP
        IF to_regclass('public.' || name) IS NOT NULL THEN
            EXECUTE format('REVOKE UPDATE ON public.%I FROM %I', name, {server:text});
            IF name <> 'audit' THEN -- whose oldest entries go by age
                EXECUTE format('REVOKE DELETE ON public.%I FROM %I', name, {server:text});
            END IF;
        END IF;
    END LOOP;
    FOREACH name IN ARRAY ARRAY['goose_db_version', 'river_migration'] LOOP
        IF to_regclass('public.' || name) IS NOT NULL THEN
            EXECUTE format('REVOKE INSERT ON public.%I FROM %I', name, {server:text});
        END IF;
    END LOOP;
    -- What was erased of people goes from the files' pages by VACUUM, which before version 17 the owner alone may do.
    IF current_setting('server_version_num')::INT >= 170000 THEN
        EXECUTE format('GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO %I', {server:text});
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT MAINTAIN ON TABLES TO %I', {owner:text}, {server:text});
    END IF;
END $$;

-- Workers take jobs and hand transcripts over. Of recordings they learn neither the number nor who called.
DO $$
DECLARE
    it RECORD;
    names TEXT;
BEGIN
    FOR it IN SELECT * FROM (VALUES
            ('river_job', 'SELECT, INSERT, UPDATE, DELETE'), ('river_queue', 'SELECT, INSERT, UPDATE, DELETE'),
            ('river_leader', 'SELECT, INSERT, UPDATE, DELETE'), ('river_client', 'SELECT, INSERT, UPDATE, DELETE'),
            ('river_client_queue', 'SELECT, INSERT, UPDATE, DELETE'), ('river_notification', 'SELECT, INSERT, UPDATE, DELETE'),
            ('river_migration', 'SELECT'), ('hearings', 'INSERT, UPDATE'), ('queues', 'SELECT, INSERT, UPDATE'), ('writer', 'SELECT, UPDATE'),
            ('lexicon_activations', 'SELECT'), ('directory', 'SELECT'), ('goose_db_version', 'SELECT')) AS needs (name, rights) LOOP
        IF to_regclass('public.' || it.name) IS NOT NULL THEN
            EXECUTE format('GRANT %s ON public.%I TO %I', it.rights, it.name, {worker:text});
        END IF;
    END LOOP;
    SELECT string_agg(quote_ident(column_name), ', ') INTO names FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = 'recordings' AND column_name NOT IN ('call_id', 'part', 'number', 'agent', 'line');
    IF names IS NOT NULL THEN
        EXECUTE format('GRANT SELECT (%s) ON public.recordings TO %I', names, {worker:text});
        SELECT string_agg(quote_ident(column_name), ', ') INTO names FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = 'recordings' AND column_name NOT IN ('id', 'rowid', 'call_id', 'part', 'number',
                'agent', 'line', 'source', 'audio', 'sha256', 'size', 'created_at', 'erased_at', 'forgotten', 'virtual');
        EXECUTE format('GRANT UPDATE (%s) ON public.recordings TO %I', names, {worker:text});
    END IF;
    -- What others heard they can't read.
    IF to_regclass('public.hearings') IS NOT NULL THEN
        EXECUTE format('GRANT SELECT (recording_id) ON public.hearings TO %I', {worker:text});
    END IF;
    -- Of changes they learn no number, either.
    IF to_regclass('public.changes') IS NOT NULL THEN
        EXECUTE format('GRANT SELECT (seq, at, kind, id), INSERT ON public.changes TO %I', {worker:text});
    END IF;
    FOR it IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
            AND c.relname LIKE 'river\_%' LOOP
        EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE public.%I TO %I', it.relname, {worker:text});
    END LOOP;
END $$;
