using System.Buffers.Binary;
using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.Stores.Tests;

/// <summary>Files at rest on their way into a store and back, and what must come of it.</summary>
internal static class Trip
{
    /// <summary>Backs a directory up.</summary>
    public static Task<BackupReport> BackupAsync(
        string path, IBackupSink sink, BackupKind kind = BackupKind.Full, BackupOptions? options = null) =>
        new BackupPipeline(new FileSetSource(new() { Path = path }), [sink], (options ?? new()) with { Kind = kind, MemoryBudget = 80 << 20 })
            .RunAsync(TestContext.Current.CancellationToken);

    /// <summary>Verifies the latest backup, which must be clean.</summary>
    public static async Task VerifyAsync(IBackupArchive archive)
    {
        var report = await new VerificationPipeline(archive, new() { MemoryBudget = 80 << 20 })
            .RunAsync("latest", TestContext.Current.CancellationToken);
        Assert.True(report.ExitCode == ExitCode.Done, string.Join("; ", report.Damage));
    }

    /// <summary>Restores a backup into a fresh directory; the same backup gives the same bytes each time.</summary>
    /// <param name="archive">The store.</param>
    /// <param name="recovers">Whether the databases are recovered.</param>
    /// <param name="which">The backup.</param>
    /// <returns>The directory.</returns>
    public static async Task<string> RestoreAsync(IBackupArchive archive, bool recovers, string which = "latest")
    {
        string target = Path.Combine(GoldenSets.NewFolder("restored"), "target");
        var options = new RestoreOptions { Target = target, SkipRecovery = !recovers, MemoryBudget = 80 << 20, Recovery = new ManagedRecovery(FixedTime.Standing) };
        var report = await new RestorePipeline(archive, options).RunAsync(which, TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Done, report.ExitCode);
        return target;
    }

    /// <summary>What a chain of a full and an incremental backup of a directory gives through a directory without faults.</summary>
    /// <returns>The files as they were backed up, and the recovered databases.</returns>
    public static async Task<(string Plain, string Recovered)> WithoutFaultsAsync(string path, bool isChain)
    {
        await using var sink = FileSystemSink.Open(GoldenSets.NewFolder("store"), create: true);
        await BackupAsync(path, sink);
        if (isChain)
            await BackupAsync(path, sink, BackupKind.Incremental);
        string plain = await RestoreAsync(sink, recovers: false);
        foreach (string file in Directory.GetFiles(plain))
            AssertSame(Path.Combine(path, Path.GetFileName(file)), file);
        return (plain, await RestoreAsync(sink, recovers: true));
    }

    /// <summary>Asserts that two directories hold the same files, byte for byte.</summary>
    /// <param name="expected">The one.</param>
    /// <param name="actual">The other.</param>
    /// <param name="areRecovered">Whether they are recovered databases, which have their own part of the header each.</param>
    public static void AssertSameFiles(string expected, string actual, bool areRecovered = false)
    {
        string[] names = Names(expected);
        Assert.NotEmpty(names);
        Assert.Equal(names, Names(actual));
        Assert.All(names, name => AssertSame(Path.Combine(expected, name), Path.Combine(actual, name), areRecovered));

        static string[] Names(string folder) =>
            [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    private static void AssertSame(string expected, string actual, bool areRecovered = false)
    {
        using FileStream a = File.OpenRead(expected), b = File.OpenRead(actual);
        Assert.Equal(a.Length, b.Length);
        byte[] one = new byte[1 << 20], other = new byte[1 << 20];
        for (int read; (read = a.ReadAtLeast(one, one.Length, throwOnEndOfStream: false)) > 0;)
        {
            b.ReadExactly(other, 0, read);
            if (areRecovered && a.Position == read)
            {
                TakeOwnPart(one);
                TakeOwnPart(other);
            }

            Assert.True(one.AsSpan(0, read).SequenceEqual(other.AsSpan(0, read)), $"{actual} is another than {expected}");
        }
    }

    // A recovered database disowns its flush map by signatures that no other has: bytes 584 to 639 of both headers, and so
    // their checksums.
    private static void TakeOwnPart(Span<byte> start)
    {
        int pageBytes = BinaryPrimitives.ReadInt32LittleEndian(start[236..]);
        foreach (int header in (int[])[0, pageBytes])
        {
            start.Slice(header, 8).Clear();
            start[(header + 584)..(header + 640)].Clear();
        }
    }
}
