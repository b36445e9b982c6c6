namespace PipelineBackup.Testing;

/// <summary>One check of one law: the source, and what every law needs to ask.</summary>
/// <param name="law">Name of the law.</param>
/// <param name="source">The source.</param>
/// <param name="token">Ends the check.</param>
internal sealed class SourceTrial(string law, ISourceUnderTest source, CancellationToken token)
{
    // A database's first read takes at least three pages; of the largest page size this is that.
    private const int LeastPages = 3;

    public CancellationToken Token => token;

    public bool IsAtRest => source.IsAtRest;

    public ConformanceException Broken(string message, Exception? inner = null) => new(law, message, inner);

    /// <summary>Fails the law unless something holds.</summary>
    public void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw Broken(otherwise);
    }

    /// <summary>Skips the law unless something holds.</summary>
    public static void Need(bool holds, string otherwise)
    {
        if (!holds)
            throw new SkippedLawException(otherwise);
    }

    /// <summary>Begins a session, by default a copy, which changes nothing.</summary>
    public ValueTask<IBackupSession> BeginAsync(BackupKind kind = BackupKind.Copy) =>
        source.Source.BeginAsync(new() { Kind = kind }, token);

    public ValueTask<IBackupSession> BeginAsync(CancellationToken other) =>
        source.Source.BeginAsync(new() { Kind = BackupKind.Copy }, other);

    /// <summary>Reads a file from its start to its end; fails the law unless it gives exactly its length.</summary>
    /// <param name="session">The session.</param>
    /// <param name="file">The file.</param>
    /// <param name="pages">Pages a read.</param>
    public async Task<byte[]> ReadAsync(IBackupSession session, SourceFile file, int pages = 64)
    {
        await using var reader = await session.OpenAsync(file, token);
        return await ReadAsync(reader, file, pages);
    }

    public async Task<byte[]> ReadAsync(ISourceFileReader reader, SourceFile file, int pages = 64)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[Math.Max(pages, LeastPages) * file.PageSize];
        for (int read; (read = await reader.ReadAsync(buffer, token)) > 0;)
        {
            all.Write(buffer, 0, read);
            Require(all.Length <= file.Length, $"'{file.Name}' of {file.Length} bytes gave more than that");
            Require(
                read == buffer.Length || all.Length == file.Length,
                $"'{file.Name}' filled {read} of {buffer.Length} bytes before its end");
        }

        Require(all.Length == file.Length, $"'{file.Name}' of {file.Length} bytes ended after {all.Length}");
        return all.ToArray();
    }

    /// <summary>Reads all databases and all that follows, as a backup does.</summary>
    public async Task<IReadOnlyList<SourceFile>> ReadAllAsync(IBackupSession session)
    {
        foreach (var database in session.Databases)
            await ReadAsync(session, database);
        var rest = await session.EndDatabasesAsync(token);
        foreach (var file in rest)
            await ReadAsync(session, file);
        return rest;
    }

    /// <summary>Fails the law unless a step out of order is refused with -521.</summary>
    public async Task ExpectRefusedAsync(string step, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (BackupException failure)
        {
            Require(
                failure.Error == JetError.InvalidBackupSequence,
                $"{step} was refused with {failure.Error?.ToString() ?? "no engine error"} instead of {JetError.InvalidBackupSequence}");
            return;
        }
        catch (Exception failure)
        {
            throw Broken($"{step} failed with {failure.GetType().Name} instead of a SourceException", failure);
        }

        throw Broken($"{step} was not refused");
    }
}
