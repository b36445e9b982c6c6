namespace PipelineBackup.Tests.Simulation;

/// <summary>The property that every store must have at every moment: what it lists as a backup verifies, and restores to the bytes that were backed up.</summary>
internal static class StoreProof
{
    /// <summary>All objects of a store.</summary>
    public static async Task<IReadOnlyDictionary<string, byte[]>> ObjectsAsync(MemorySink store)
    {
        var objects = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        await foreach (var item in store.ListAsync("", default))
            objects.Add(item.Name.ToString(), store.Content(item.Name));
        return objects;
    }

    /// <summary>A store with some objects.</summary>
    public static async Task<MemorySink> StoreOfAsync(IReadOnlyDictionary<string, byte[]> objects)
    {
        var store = new MemorySink();
        foreach (var (name, bytes) in objects)
            await store.PutAsync(ObjectName.Of(name), ObjectBody.Of(bytes), default);
        return store;
    }

    /// <summary>The backups that a store lists; none where it is no store yet.</summary>
    public static async Task<IReadOnlyList<BackupManifest>> ListAsync(IBackupArchive store, BackupSet? set = null)
    {
        try
        {
            return await new BackupCatalog(store, set ?? BackupSet.Default).ListAsync();
        }
        catch (BackupException nothing) when (nothing.ExitCode == ExitCode.NotFound)
        {
            return [];
        }
    }

    /// <summary>Proves every listed backup.</summary>
    /// <param name="store">The store.</param>
    /// <param name="expected">The bytes that a backup must restore for a file of that name.</param>
    /// <returns>The listed backups.</returns>
    public static async Task<IReadOnlyList<BackupManifest>> DemandAsync(MemorySink store, Func<BackupManifest, string, byte[]> expected)
    {
        var all = await ListAsync(store);
        foreach (var backup in all)
        {
            var verified = await new VerificationPipeline(store, new() { Workers = 2, MemoryBudget = 80 << 20 }).RunAsync(backup.Id);
            Assert.True(verified.Damage.Count == 0, $"{backup.Id} is listed and damaged: {string.Join("; ", verified.Damage)}");
            Assert.Equal(backup.IsDamaged ? ExitCode.Damaged : ExitCode.Done, verified.ExitCode);
            using var scratch = new Scratch();
            var options = new RestoreOptions { Target = scratch["target"], SkipRecovery = true, Workers = 2, MemoryBudget = 80 << 20 };
            var restored = await new RestorePipeline(store, options).RunAsync(backup.Id);
            Assert.Equal(verified.ExitCode, restored.ExitCode);
            Assert.Equal(backup.Totals.Files, restored.Files.Count);
            foreach (string file in restored.Files)
                Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(expected(backup, Path.GetFileName(file))), $"{backup.Id}: {file}");
            DemandClean(scratch["target"], restored.Files.Count);
        }

        return all;
    }

    /// <summary>Asserts that a target holds what was restored and nothing else.</summary>
    public static void DemandClean(string target, int files) =>
        Assert.True(Directory.EnumerateFileSystemEntries(target).Count() == files, $"litter: {string.Join(", ", Directory.EnumerateFileSystemEntries(target))}");
}
