using System.Globalization;
using Npgsql;

namespace PipelineBackup.Sinks.Postgres.Tests;

/// <summary>
/// The server that <c>tests/servers/postgres-up.sh</c> started, or any other that the environment names. Without one,
/// tests that need it are skipped.
/// </summary>
internal static class PostgresServer
{
    private static readonly string s_run = Guid.NewGuid().ToString("N")[..8];
    private static int s_schemas;

    /// <summary>The address up to the database, without a schema.</summary>
    public static Uri Address => new(Variable("PIPELINEBACKUP_POSTGRES"));

    public static string Password => Variable("PIPELINEBACKUP_POSTGRES_PASSWORD");

    /// <summary>A store of its own in a schema that nobody has made yet.</summary>
    public static PostgresSinkOptions NewStore() => PostgresAddress.Parse(Address) with
    {
        Password = Password,
        Schema = string.Create(CultureInfo.InvariantCulture, $"test_{s_run}_{Interlocked.Increment(ref s_schemas)}"),
    };

    /// <summary>Runs a statement behind the sink's back.</summary>
    public static async Task<object?> RunAsync(PostgresSinkOptions store, string statement)
    {
        await using var source = NpgsqlDataSource.Create(store.ToConnectionString());
        await using var command = source.CreateCommand(statement);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Throws a store away, whatever it promised to keep.</summary>
    public static async ValueTask DropAsync(PostgresSinkOptions store)
    {
        var settings = store.ToConnectionString();
        settings.Pooling = false;
        await using var source = NpgsqlDataSource.Create(settings);
        await using var command = source.CreateCommand($"""DROP SCHEMA IF EXISTS "{store.Schema}" CASCADE""");
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static string Variable(string name)
    {
        string? value = Environment.GetEnvironmentVariable(name);
        Assert.SkipWhen(
            string.IsNullOrEmpty(value), $"no PostgreSQL: {name} is not set; tests/servers/postgres-up.sh starts one");
        return value!;
    }
}
