using Npgsql;

namespace PipelineBackup.Sinks.Postgres;

/// <summary>
/// What is found out when a store is opened: whether it is there, and whether it keeps what it is given.
/// </summary>
/// <param name="Flushes">The server's setting <c>fsync</c>.</param>
/// <param name="Commits">The setting <c>synchronous_commit</c> of the sink's connections.</param>
/// <param name="Format">What the table of objects says of itself; null when there is none.</param>
/// <param name="Persistence">
/// How that table is kept: <c>p</c> for one that outlives a crash; null when there is none.
/// </param>
internal sealed record StoreSurvey(string Flushes, string Commits, string? Format, string? Persistence)
{
    /// <summary>Whether there is a table of the store's name, a store or not.</summary>
    public bool IsThere => Persistence is not null;

    /// <summary>Looks.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="tables">The store.</param>
    public static StoreSurvey Of(NpgsqlConnection connection, StoreTables tables)
    {
        using var command = new NpgsqlCommand(tables.Survey, connection);
        using var found = command.ExecuteReader();
        found.Read();
        return new(
            found.GetString(0), found.GetString(1), found.IsDBNull(2) ? null : found.GetString(2),
            found.IsDBNull(3) ? null : found.GetString(3));
    }

    /// <summary>Refuses a server or tables that could lose a backup, or are something else.</summary>
    /// <param name="store">The store, as messages shall call it.</param>
    /// <exception cref="SinkException">They are.</exception>
    public void Require(string store)
    {
        if (!IsThere)
            throw PostgresFailure.NotFound($"there is no store '{store}': no table 'objects' in that schema");
        if (Format != StoreTables.Format)
        {
            string what = Format ?? "a table of someone else";
            throw new SinkException($"'{store}' holds '{what}' and not '{StoreTables.Format}'")
            {
                Hint = "name a schema of its own for the store, or use the version of the plugin that made this one",
            };
        }

        RequireDurable(store);
    }

    /// <summary>Refuses a server that answers before what was committed is on its disk.</summary>
    /// <param name="store">The store, as messages shall call it.</param>
    /// <exception cref="SinkException">It does.</exception>
    public void RequireDurable(string store)
    {
        if (Flushes != "on")
        {
            throw new SinkException(
                $"the server of '{store}' runs with fsync = {Flushes}: a power failure would lose backups")
            {
                Hint = "set fsync = on in postgresql.conf and reload the server",
            };
        }

        // Asked for when connecting; something between here and the server may have dropped it.
        if (Commits is not ("on" or "remote_apply"))
        {
            throw new SinkException(
                $"the connection to '{store}' has synchronous_commit = {Commits}: commits are answered too early")
            {
                Hint = "connect to the server itself, or let what is between pass the parameter 'options' on",
            };
        }

        if (Persistence is not (null or "p"))
        {
            throw new SinkException($"the tables of '{store}' are not logged: a crash of the server would empty them")
            {
                Hint = "ALTER TABLE … SET LOGGED, or make the store anew in another schema",
            };
        }
    }
}
