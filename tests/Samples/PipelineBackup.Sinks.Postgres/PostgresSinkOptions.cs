using System.Text.RegularExpressions;
using Npgsql;

namespace PipelineBackup.Sinks.Postgres;

/// <summary>Where a store in PostgreSQL is, and how it is used.</summary>
public sealed partial record PostgresSinkOptions
{
    /// <summary>The server's name or address, or the directory of its socket. Default: <c>localhost</c>.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>The server's port. Default: 5432.</summary>
    public int Port { get; init; } = 5432;

    /// <summary>The database. It must be there.</summary>
    public required string Database { get; init; }

    /// <summary>The schema that holds the store's tables. Default: <c>pipelinebackup</c>.</summary>
    public string Schema { get; init; } = "pipelinebackup";

    /// <summary>The user. Default: null, which leaves it to <c>PGUSER</c> and the name of the system's user.</summary>
    public string? User { get; init; }

    /// <summary>
    /// The password. Default: null, which leaves it to <c>PGPASSWORD</c>, <c>PGPASSFILE</c> and <c>~/.pgpass</c>.
    /// </summary>
    public string? Password { get; init; }

    /// <summary>How the connection is encrypted. Default: <see cref="SslMode.Prefer"/>.</summary>
    public SslMode Encryption { get; init; } = SslMode.Prefer;

    /// <summary>A file with the certificate that the server's must lead to. Default: null, the system's own.</summary>
    public string? RootCertificate { get; init; }

    /// <summary>How many objects are put or read at a time for full speed. Default: 4.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>How long to wait for a connection, in whole seconds. Default: 15 seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long the server may take for one answer, in whole seconds. Default: one minute; a large object is many
    /// answers.
    /// </summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Number of bytes of an object that make one row. Default: 1 MiB. It bounds the memory of every put and reader; an
    /// object keeps the length that it was written with.
    /// </summary>
    public int PieceLength { get; init; } = 1 << 20;

    /// <summary>
    /// Where the store is; never with the password, as the text that a record writes by itself would be.
    /// </summary>
    public override string ToString() => $"{Host}:{Port}/{Database}/{Schema}";

    /// <summary>The options as the client of PostgreSQL takes them.</summary>
    /// <exception cref="ArgumentException">Some make no sense; the message tells all of them.</exception>
    internal NpgsqlConnectionStringBuilder ToConnectionString()
    {
        var faults = Faults().ToList();
        if (faults.Count > 0)
            throw new ArgumentException($"the store '{this}' cannot be: {string.Join("; ", faults)}");
        return new()
        {
            Host = Host,
            Port = Port,
            Database = Database,
            Username = User,
            Password = Password,
            SslMode = Encryption,
            RootCertificate = RootCertificate,
            Timeout = (int)ConnectTimeout.TotalSeconds,
            CommandTimeout = (int)AnswerTimeout.TotalSeconds,
            // Puts and readers at full speed, and a listing and a look beside them.
            MaxPoolSize = (2 * Concurrency) + 2,
            KeepAlive = 30,
            Enlist = false,
            ApplicationName = "pipelinebackup",
            // A commit is on the server's disk when it is answered. Given here it is what the pool resets a connection
            // to.
            Options = "-c synchronous_commit=on",
        };
    }

    private IEnumerable<string> Faults()
    {
        if (Host.Length == 0)
            yield return "there is no host";
        if (Port is < 1 or > 65535)
            yield return $"{Port} is no port";
        if (Database.Length == 0)
            yield return "there is no database";
        if (!SchemaName().IsMatch(Schema))
            yield return $"'{Schema}' is no schema: lower-case letters, digits and '_', a letter first, at most 63";
        if (Concurrency is < 1 or > 64)
            yield return $"a concurrency of {Concurrency} is not in 1 to 64";
        if (ConnectTimeout < TimeSpan.FromSeconds(1) || ConnectTimeout > TimeSpan.FromMinutes(15))
            yield return $"{ConnectTimeout} for a connection is not in a second to a quarter of an hour";
        if (AnswerTimeout < TimeSpan.FromSeconds(1) || AnswerTimeout > TimeSpan.FromDays(1))
            yield return $"{AnswerTimeout} for an answer is not in a second to a day";
        if (PieceLength is < 1024 or > (64 << 20))
            yield return $"a piece of {PieceLength} bytes is not in 1 KiB to 64 MiB";
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,62}\z")]
    private static partial Regex SchemaName();
}
