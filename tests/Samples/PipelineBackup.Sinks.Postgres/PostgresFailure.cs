using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace PipelineBackup.Sinks.Postgres;

/// <summary>What a failure of the server or of the way to it means to a caller of the sink.</summary>
internal static class PostgresFailure
{
    /// <summary>What the store's own triggers raise: the object is retained, or objects never change.</summary>
    public const string Retained = "PB001", Unchangeable = "PB002";

    /// <summary>Whether an exception comes from the server or the way to it, and so has an answer here.</summary>
    /// <param name="failure">The exception.</param>
    public static bool Is(Exception failure) =>
        failure is NpgsqlException or TimeoutException or IOException or SocketException;

    /// <summary>The sink's failure for one of the server.</summary>
    /// <param name="failure">What the server or its client said.</param>
    /// <param name="what">What was being done, in lower case, for instance <c>cannot store 'a/b'</c>.</param>
    public static SinkException Of(Exception failure, string what) => failure is PostgresException answer
        ? Of(answer, $"{what}: {answer.MessageText} ({answer.SqlState})")
        : new($"{what}: {failure.Message}", failure)
        {
            // Before an answer there is only the way: refused, lost, too slow. What is not trusted, or not understood,
            // stays so.
            Transient = failure is not (NpgsqlException { InnerException: AuthenticationException }
                or NpgsqlException { InnerException: null, IsTransient: false }),
            Hint = "check that the server runs and can be reached, and how the connection is encrypted",
        };

    /// <summary>There is no such object, or its range lies beyond the end.</summary>
    /// <param name="message">What was asked for.</param>
    public static SinkException NotFound(string message) =>
        new(message) { Failure = SinkFailure.NotFound, Error = JetError.FileNotFound, ExitCode = ExitCode.NotFound };

    /// <summary>The name is taken.</summary>
    /// <param name="name">The name.</param>
    public static SinkException AlreadyExists(ObjectName name) =>
        new($"object '{name}' is there already") { Failure = SinkFailure.AlreadyExists };

    // The codes are those of PostgreSQL's documentation, appendix A.
    private static SinkException Of(PostgresException failure, string message) => failure.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            Denied(failure, message,
                "check the user and PGPASSWORD or ~/.pgpass, and that the server lets this machine in (pg_hba.conf)"),
        PostgresErrorCodes.InsufficientPrivilege =>
            Denied(failure, message, "the user needs to select, insert and delete in the store's tables"),
        Retained => Denied(failure, message, "it was stored with a promise to keep it until then"),
        PostgresErrorCodes.InvalidCatalogName => Missing(failure, message, "make the database with 'createdb'"),
        PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedTable =>
            Missing(failure, message, "check the schema in the address; 'backup --to' makes the store"),
        PostgresErrorCodes.DiskFull => new(message, failure)
        {
            Failure = SinkFailure.Full,
            Error = JetError.DiskFull,
            Hint = "free space on the server, or expire old backups and let it vacuum",
        },
        PostgresErrorCodes.ReadOnlySqlTransaction => new(message, failure)
        {
            Hint = "this is a standby, or a database that may only be read: name the primary server",
        },
        PostgresErrorCodes.IoError or PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted =>
            new(message, failure) { Error = JetError.DiskIO, Hint = "the server's disk fails: look into its log" },
        var code when IsPassing(code) => new(message, failure) { Transient = true },
        _ => new(message, failure),
    };

    private static SinkException Denied(Exception failure, string message, string hint) => new(message, failure)
    {
        Failure = SinkFailure.AccessDenied,
        Error = JetError.AccessDenied,
        Hint = hint,
    };

    private static SinkException Missing(Exception failure, string message, string hint) => new(message, failure)
    {
        Failure = SinkFailure.NotFound,
        Error = JetError.FileNotFound,
        ExitCode = ExitCode.NotFound,
        Hint = hint,
    };

    // What the same call may not meet a moment later: lost connections, restarts, other sessions in the way, all slots
    // or all memory taken.
    private static bool IsPassing(string code) => code is
        PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
        or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.OutOfMemory
        or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
        or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled
        or PostgresErrorCodes.ConnectionException or PostgresErrorCodes.ConnectionDoesNotExist
        or PostgresErrorCodes.ConnectionFailure or PostgresErrorCodes.SqlClientUnableToEstablishSqlConnection
        or PostgresErrorCodes.TransactionResolutionUnknown;
}
