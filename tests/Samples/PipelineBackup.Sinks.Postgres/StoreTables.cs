using Npgsql;

namespace PipelineBackup.Sinks.Postgres;

/// <summary>The tables of a store and the statements on them.</summary>
/// <remarks>
/// <code>
/// schema.objects    id, name, length, piece_length, sha256, class, retain_until, stored_at     one row an object
/// schema.pieces     object, piece, content                                                     one row a piece of it
/// </code>
/// The name's primary key is what creates a name once; its collation sorts by bytes, whatever the database sorts by, so
/// that a listing in ordinal order is a walk along the index. Triggers refuse every change of an object, and its
/// deletion while it is retained, to any client.
/// </remarks>
/// <param name="schema">The schema, a name that needs no escaping.</param>
internal sealed class StoreTables(string schema)
{
    /// <summary>What the tables say of themselves; another number would be another layout.</summary>
    public const string Format = "pipelinebackup store, format 1";

    /// <summary>Whether there is a store, and can keep backups: what <see cref="StoreSurvey"/> holds.</summary>
    public string Survey { get; } = $"""
        SELECT current_setting('fsync'), current_setting('synchronous_commit'), obj_description(store.oid, 'pg_class'),
               store.relpersistence::text
        FROM (SELECT to_regclass('"{schema}".objects') AS oid) AS named LEFT JOIN pg_class AS store USING (oid)
        """;

    /// <summary>Creates an object of one piece, unless the name is taken: how many were created.</summary>
    public string PutSmall { get; } = $"""
        WITH made AS (
            INSERT INTO "{schema}".objects (name, length, piece_length, sha256, class, retain_until)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING RETURNING id),
        filled AS (INSERT INTO "{schema}".pieces (object, piece, content) SELECT id, 0, $7 FROM made)
        SELECT count(*) FROM made
        """;

    /// <summary>Creates an object whose pieces follow, unless the name is taken: its number.</summary>
    public string PutLarge { get; } = $"""
        INSERT INTO "{schema}".objects (name, length, piece_length, sha256, class, retain_until)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING RETURNING id
        """;

    /// <summary>Takes the pieces.</summary>
    public string CopyPieces { get; } =
        $"""COPY "{schema}".pieces (object, piece, content) FROM STDIN (FORMAT BINARY)""";

    /// <summary>An object by its name.</summary>
    public string Find { get; } = $"""SELECT id, length, piece_length FROM "{schema}".objects WHERE name = $1""";

    /// <summary>A part of a piece.</summary>
    public string ReadPiece { get; } =
        $"""SELECT substring(content FROM $3 FOR $4) FROM "{schema}".pieces WHERE object = $1 AND piece = $2""";

    /// <summary>
    /// The next objects of a listing: after a name, from a prefix, before what no name with it reaches.
    /// </summary>
    public string List { get; } = $"""
        SELECT name, length FROM "{schema}".objects
        WHERE name > $1 AND name >= $2 AND name < $3 ORDER BY name LIMIT $4
        """;

    /// <summary>Deletes an object and its pieces.</summary>
    public string Delete { get; } = $"""DELETE FROM "{schema}".objects WHERE name = $1""";

    /// <summary>Until when an object is retained.</summary>
    public string Lock { get; } = $"""SELECT retain_until FROM "{schema}".objects WHERE name = $1""";

    private string Definition { get; } = $"""
        CREATE SCHEMA IF NOT EXISTS "{schema}";
        CREATE TABLE "{schema}".objects (
            name text COLLATE "C" PRIMARY KEY CHECK (length(name) <= 512
                AND name ~ '^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$'),
            id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
            length bigint NOT NULL CHECK (length >= 0),
            piece_length integer NOT NULL CHECK (piece_length > 0),
            sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
            class text NOT NULL,
            retain_until timestamptz,
            stored_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE "{schema}".pieces (
            object bigint NOT NULL REFERENCES "{schema}".objects (id) ON DELETE CASCADE,
            piece integer NOT NULL,
            content bytea NOT NULL,
            PRIMARY KEY (object, piece));
        -- Packs are compressed already, and a part of what is not compressed is read without the rest.
        ALTER TABLE "{schema}".pieces ALTER COLUMN content SET STORAGE EXTERNAL;
        CREATE FUNCTION "{schema}".keep() RETURNS trigger LANGUAGE plpgsql AS $keep$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.retain_until > now() THEN
                    RAISE EXCEPTION 'object ''%'' is retained until %', OLD.name, OLD.retain_until
                        USING ERRCODE = '{PostgresFailure.Retained}';
                END IF;
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'objects of a backup store never change' USING ERRCODE = '{PostgresFailure.Unchangeable}';
        END $keep$;
        CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON "{schema}".objects
            FOR EACH ROW EXECUTE FUNCTION "{schema}".keep();
        CREATE TRIGGER keep_all BEFORE TRUNCATE ON "{schema}".objects
            FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".keep();
        CREATE TRIGGER keep BEFORE UPDATE ON "{schema}".pieces
            FOR EACH ROW EXECUTE FUNCTION "{schema}".keep();
        COMMENT ON TABLE "{schema}".objects IS '{Format}';
        """;

    /// <summary>Makes the tables, all or none; of several programs that come at once one makes them.</summary>
    /// <param name="connection">An open connection.</param>
    public void Create(NpgsqlConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        const string wait = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        using (var turn = new NpgsqlCommand(wait, connection, transaction))
        {
            turn.Parameters.Add(new() { Value = $"pipelinebackup:{schema}" });
            turn.ExecuteNonQuery();
        }

        // By the catalog itself: what this session knows of names is from before its turn came.
        using var look = new NpgsqlCommand(
            "SELECT count(*) FROM pg_class JOIN pg_namespace AS space ON relnamespace = space.oid "
            + "WHERE nspname = $1 AND relname = 'objects'", connection, transaction);
        look.Parameters.Add(new() { Value = schema });
        if ((long)look.ExecuteScalar()! == 0)
        {
            using var make = new NpgsqlCommand(Definition, connection, transaction);
            make.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}
