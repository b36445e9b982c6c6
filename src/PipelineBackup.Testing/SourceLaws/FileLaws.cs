namespace PipelineBackup.Testing;

/// <summary>What holds of reading files.</summary>
internal static class FileLaws
{
    public static IReadOnlyList<SourceLaw> All { get; } =
    [
        new(
            "whole-files",
            "Every file gives exactly its length, each read fills its buffer, and at the end comes 0 again and again.",
            Whole),
        new("same-bytes", "How much is read at a time makes no difference to what is read.", SameBytes),
        new("one-open-file", "At most one file is open; a second is refused, and the first reads on.", OneOpen),
        new(
            "reread", "Pages that can be read again give as many bytes as were asked for, and at rest the same.",
            Reread),
        new("read-cancelled", "A cancelled open or read ends so.", Cancelled),
    ];

    private static async Task Whole(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        foreach (var database in session.Databases)
            await ReadBeyond(database);
        foreach (var file in await session.EndDatabasesAsync(trial.Token))
            await ReadBeyond(file);
        await session.ValidateAsync(trial.Token);
        await session.CompleteAsync(trial.Token);

        async Task ReadBeyond(SourceFile file)
        {
            await using var reader = await session.OpenAsync(file, trial.Token);
            await trial.ReadAsync(reader, file, 17);
            for (int i = 0; i < 3; i++)
            {
                trial.Require(
                    await reader.ReadAsync(new byte[3 * file.PageSize], trial.Token) == 0,
                    $"'{file.Name}' goes on behind its end");
            }
        }
    }

    private static async Task SameBytes(SourceTrial trial)
    {
        SourceTrial.Need(trial.IsAtRest, "the source goes on working, so that two readings differ");
        var first = await ReadAll(3);
        var second = await ReadAll(256);
        trial.Require(first.Count == second.Count, $"one session offers {first.Count} files, the next {second.Count}");
        foreach (var ((name, one), (_, two)) in first.Zip(second))
            trial.Require(one.AsSpan().SequenceEqual(two),
                $"'{name}' read in small pieces differs from '{name}' read in large ones");

        async Task<List<(string Name, byte[] Bytes)>> ReadAll(int pages)
        {
            await using var session = await trial.BeginAsync();
            var read = new List<(string, byte[])>();
            foreach (var database in session.Databases)
                read.Add((database.Name, await trial.ReadAsync(session, database, pages)));
            foreach (var file in await session.EndDatabasesAsync(trial.Token))
                read.Add((file.Name, await trial.ReadAsync(session, file, pages)));
            return read;
        }
    }

    private static async Task OneOpen(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        var database = session.Databases[0];
        await using (var reader = await session.OpenAsync(database, trial.Token))
        {
            await trial.ExpectRefusedAsync("opening a second file", () => Open(session, database));
            await trial.ReadAsync(reader, database);
        }

        var rest = await session.EndDatabasesAsync(trial.Token);
        // Files at rest after a clean end have no logs; the databases have shown it.
        if (rest.Count == 0)
            return;
        await using (var reader = await session.OpenAsync(rest[0], trial.Token))
        {
            await trial.ExpectRefusedAsync("opening a second file", () => Open(session, rest[^1]));
            await trial.ReadAsync(reader, rest[0]);
        }

        await trial.ReadAsync(session, rest[^1]);

        async Task Open(IBackupSession session, SourceFile file)
        {
            await using var second = await session.OpenAsync(file, trial.Token);
        }
    }

    private static async Task Reread(SourceTrial trial)
    {
        await using var session = await trial.BeginAsync();
        var database = session.Databases[0];
        await using var reader = await session.OpenAsync(database, trial.Token);
        var again = reader as IRereadPages;
        SourceTrial.Need(again is not null, "pages are read once");
        trial.Require(again!.MaxRereads >= 1, $"MaxRereads is {again.MaxRereads}");
        byte[] content = await trial.ReadAsync(reader, database);
        long pages = database.Length / database.PageSize;
        foreach (long page in (long[])[0, pages / 2, pages - 1])
        {
            byte[] buffer = new byte[database.PageSize];
            await again.RereadAsync(page * database.PageSize, buffer, trial.Token);
            bool same = content.AsSpan((int)(page * database.PageSize), database.PageSize).SequenceEqual(buffer);
            trial.Require(same || !trial.IsAtRest,
                $"page {page} of '{database.Name}' read again is another one, at rest");
        }
    }

    private static async Task Cancelled(SourceTrial trial)
    {
        var cancelled = new CancellationToken(canceled: true);
        await using var session = await trial.BeginAsync();
        var database = session.Databases[0];
        await Expect("an open", async () =>
        {
            await using var none = await session.OpenAsync(database, cancelled);
        });
        await using var reader = await session.OpenAsync(database, trial.Token);
        await Expect("a read", () => reader.ReadAsync(new byte[3 * database.PageSize], cancelled).AsTask());
        await trial.ReadAsync(reader, database);

        async Task Expect(string call, Func<Task> act)
        {
            try
            {
                await act();
            }
            catch (OperationCanceledException)
            {
                return;
            }

            throw trial.Broken($"{call} succeeded though it was cancelled");
        }
    }
}
