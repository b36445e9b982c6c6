using System.Runtime.CompilerServices;
using Npgsql;

namespace PipelineBackup.Sinks.Postgres;

/// <summary>
/// A store in a schema of a PostgreSQL database: each object is a row, its content rows of bounded length.
/// </summary>
public sealed class PostgresSink : IBackupSink, IObjectLocks, IResumableListings
{
    private const int PageLength = 1000;

    private readonly NpgsqlDataSource _source;
    private readonly StoreTables _tables;
    private readonly ObjectWriter _writer;

    private PostgresSink(NpgsqlDataSource source, StoreTables tables, PostgresSinkOptions options)
    {
        (_source, _tables) = (source, tables);
        _writer = new(source, tables, options.PieceLength);
        Traits = new()
        {
            PutConcurrency = options.Concurrency,
            ReadConcurrency = options.Concurrency,
            MaxObjectLength = (long)int.MaxValue * options.PieceLength,
            SupportsRetention = true,
        };
    }

    /// <inheritdoc/>
    public SinkTraits Traits { get; }

    /// <summary>Opens a store.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="create">
    /// Whether to make its schema and tables when they are not there; the database must be.
    /// </param>
    /// <exception cref="ArgumentException">The options make no sense.</exception>
    /// <exception cref="SinkException">
    /// It is not there, cannot be reached, or is on a server that would lose backups in a crash.
    /// </exception>
    public static PostgresSink Open(PostgresSinkOptions options, bool create)
    {
        ArgumentNullException.ThrowIfNull(options);
        var source = NpgsqlDataSource.Create(options.ToConnectionString());
        try
        {
            var tables = new StoreTables(options.Schema);
            using var connection = source.OpenConnection();
            var survey = StoreSurvey.Of(connection, tables);
            survey.RequireDurable(options.ToString());
            if (!survey.IsThere && create)
            {
                tables.Create(connection);
                survey = StoreSurvey.Of(connection, tables);
            }

            survey.Require(options.ToString());
            return new(source, tables, options);
        }
        catch (Exception failure)
        {
            source.Dispose();
            if (PostgresFailure.Is(failure))
                throw PostgresFailure.Of(failure, $"cannot open the store '{options}'");
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(body);
        cancellationToken.ThrowIfCancellationRequested();
        bool created;
        try
        {
            created = await _writer.PutAsync(name, body, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (PostgresFailure.Is(failure))
        {
            throw PostgresFailure.Of(failure, $"cannot store '{name}'", cancellationToken);
        }

        if (!created)
            throw PostgresFailure.AlreadyExists(name);
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = await FindAsync(name, cancellationToken).ConfigureAwait(false)
            ?? throw PostgresFailure.NotFound($"there is no object '{name}'");
        if (!range.Fits(found.Length))
        {
            throw PostgresFailure.NotFound(
                $"object '{name}' has {found.Length} bytes: {range.Length ?? 0} from {range.Offset} on lie beyond");
        }

        return new PieceStream(_source, _tables, found, range.Offset, range.Length ?? found.Length - range.Offset);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        ListAfterAsync(prefix, default, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        // No name has such characters, and a text of the database cannot hold all of them.
        if (prefix.AsSpan().ContainsAnyExceptInRange('!', '~'))
            yield break;
        string last = after.ToString();
        while (true)
        {
            var page = await PageAsync(prefix, last, cancellationToken).ConfigureAwait(false);
            foreach (var item in page)
            {
                yield return item;
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (page.Count < PageLength)
                yield break;
            last = page[^1].Name.ToString();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await using var command = _source.CreateCommand(_tables.Delete);
            command.Parameters.Add(new() { Value = name.ToString() });
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (PostgresFailure.Is(failure))
        {
            throw PostgresFailure.Of(failure, $"cannot delete '{name}'", cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ObjectLock> GetLockAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = _source.CreateCommand(_tables.Lock);
            command.Parameters.Add(new() { Value = name.ToString() });
            object? until = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
            return new(until is DateTime time ? new DateTimeOffset(time) : null, IsHeld: false);
        }
        catch (Exception failure) when (PostgresFailure.Is(failure))
        {
            throw PostgresFailure.Of(failure, $"cannot ask for the lock of '{name}'", cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task<FoundObject?> FindAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = _source.CreateCommand(_tables.Find);
            command.Parameters.Add(new() { Value = name.ToString() });
            await using var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            return await rows.ReadAsync(cancellationToken).ConfigureAwait(false)
                ? new(name, rows.GetInt64(0), rows.GetInt64(1), rows.GetInt32(2))
                : null;
        }
        catch (Exception failure) when (PostgresFailure.Is(failure))
        {
            throw PostgresFailure.Of(failure, $"cannot open '{name}'", cancellationToken);
        }
    }

    private async Task<List<StoredObject>> PageAsync(string prefix, string after, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = _source.CreateCommand(_tables.List);
            command.Parameters.Add(new() { Value = after });
            command.Parameters.Add(new() { Value = prefix });
            // Behind every character that a name may have.
            command.Parameters.Add(new() { Value = prefix + "\u007f" });
            command.Parameters.Add(new() { Value = PageLength });
            await using var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            var page = new List<StoredObject>(PageLength);
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                page.Add(new(ObjectName.Of(rows.GetString(0)), rows.GetInt64(1))
                {
                    Written = rows.GetFieldValue<DateTimeOffset>(2),
                });
            }

            return page;
        }
        catch (Exception failure) when (PostgresFailure.Is(failure))
        {
            throw PostgresFailure.Of(failure, $"cannot list '{prefix}'", cancellationToken);
        }
    }
}
